// All variables as they are at one moment, page by page.

import type { Api } from "./api.ts";
import type { VariableInfo, VariableListAnswer } from "./variables-answers.ts";

export interface ListVariables {
  /** `qa_*`; absent = all. */
  pattern?: string | undefined;
  deprecated?: boolean | undefined;
}

export interface ListedVariables {
  /** What happened after this one is not in it. */
  sequence: number;
  variables: VariableInfo[];
}

/** Many of them, and large: one page holds most. */
const ATTEMPTS = 10;

export async function listVariables(api: Api, options: ListVariables): Promise<ListedVariables> {
  for (let attempt = 1; ; attempt++) {
    const pages: VariableListAnswer[] = [];
    let after: string | undefined;
    do {
      const page = await listPage(api, options, after);
      pages.push(page);
      after = page.after;
    } while (after !== undefined);
    const sequence = pages[0]?.sequence ?? 0;
    // Something happened between two pages: they do not belong together.
    if (attempt < ATTEMPTS && pages.some((page) => page.sequence !== sequence)) continue;
    return { sequence, variables: pages.flatMap((page) => page.variables) };
  }
}

async function listPage(
  api: Api,
  { pattern, deprecated }: ListVariables,
  after: string | undefined,
): Promise<VariableListAnswer> {
  const body = {
    ...(pattern !== undefined && { pattern }),
    ...(deprecated !== undefined && { deprecated }),
    ...(after !== undefined && { after }),
  };
  return (await api.request({ verb: "variable.list", body })) as VariableListAnswer;
}
