// The signatures that the configuration declares and the application calls: one text each, so they cannot differ.

export const SHIPPING = "weightGrams: int(ge=1), express: bool = False -> euros: float, days: int";

export const LETTER =
  '"Is the message a complaint or praise?" message: str(min_length=1) -> kind: Literal["complaint", "praise"]';
