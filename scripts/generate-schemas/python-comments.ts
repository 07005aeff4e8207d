// Comments of the contract as docstrings and comments of Python, wrapped to its line length.

export function docstring(comment: string | undefined): string[] {
  if (comment === undefined) return [];
  const lines = wrapped(comment, 100);
  if (lines.length === 1) return [`    """${lines[0]}"""`, ""];
  return [`    """${lines[0]}`, ...lines.slice(1).map((line) => `    ${line}`), '    """', ""];
}

export function commentLines(comment: string | undefined): string {
  return comment === undefined
    ? ""
    : `${wrapped(comment, 106)
        .map((line) => `# ${line}`)
        .join("\n")}\n`;
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [""];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1) as string;
    if (last.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines;
}
