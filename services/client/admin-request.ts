// What only administrators may ask.

import { asDspexError, type DspexError, isDspexError } from "../../schemas/errors.ts";
import type { Api, ApiCall } from "./api.ts";

/** @throws DspexError `not_allowed` for a user without the right. */
export async function adminRequest(api: Api, call: Omit<ApiCall, "admin">): Promise<unknown> {
  const asked = () => api.request({ ...call, admin: true });
  try {
    return await asked();
  } catch (error) {
    if (!isDspexError(error) || !reachedNobody(error)) throw error;
    // Who has not the right reaches nobody there; the same verb for all says which of the two it is.
    const told = await api.request(call).then(
      () => error,
      (thrown: unknown) => asDspexError(thrown),
    );
    if (told.code !== "not_allowed") throw told;
    // Or the service has come back in between: an administrator reaches it now.
    return asked().catch((again: unknown) => {
      throw isDspexError(again) && reachedNobody(again) ? told : again;
    });
  }
}

/** Not one that was too late: what was asked may have been done. */
function reachedNobody({ cause }: DspexError): boolean {
  return cause instanceof Error && "isNoResponders" in cause && (cause as NoResponders).isNoResponders();
}

/** As the library's error of a request has it. */
interface NoResponders {
  isNoResponders(): boolean;
}
