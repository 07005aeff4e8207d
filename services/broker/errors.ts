// What can go wrong around the embedded broker, told to the person who starts it (never to a caller of the API).
//
//   Error
//   └── BrokerError   kind says which; the message quotes the port, file, user or the server's own words

export type BrokerErrorKind =
  | "no-binary"
  | "port-in-use"
  | "home-in-use"
  | "start-failed"
  | "not-running"
  | "reload-failed"
  | "no-credentials"
  | "broken-credentials"
  | "invalid-user-name"
  | "user-exists"
  | "unknown-user";

export class BrokerError extends Error {
  override readonly name = "BrokerError";
  readonly kind: BrokerErrorKind;

  constructor(kind: BrokerErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }
}
