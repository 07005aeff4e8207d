// The programs of the assistant by their names and types: the configuration declares them, the pipeline calls them.

export const LIBRARY_SIGNATURE = "name: str -> titles: list[str], texts: list[str]";
export const READ_SIGNATURE = "index: int(ge=0) -> title: str, text: str";
export const COMPOSE_SIGNATURE = "question: str(min_length=1), notes: list[str] -> answer: str(min_length=1)";
export const CHECK_SIGNATURE =
  "question: str, answer: str, notes: list[str] -> supported: bool, score: float, missing: list[str]";
export const REFINE_SIGNATURE =
  "question: str, draft: str, notes: list[str], missing: list[str] -> answer: str(min_length=1)";
