// Members that are known only once the rest of a message is written, such as how long that took.

/** `text`: an event whose last member is `data`, with members of its own. Theirs is the end of it. */
export function withLastMembers(text: string, members: object): string {
  return `${text.slice(0, -2)},${JSON.stringify(members).slice(1)}}`;
}
