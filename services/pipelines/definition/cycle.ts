// A cycle among stages, where there is one: each in it needs the next. Pure, and without recursion.

/** Numbers of the stages of one cycle, or undefined. */
export function findCycle(
  stages: readonly number[],
  needsOf: (stage: number) => readonly number[],
): number[] | undefined {
  const done = new Set<number>();
  for (const start of stages) {
    if (done.has(start)) continue;
    const path: { stage: number; next: number }[] = [{ stage: start, next: 0 }];
    const onPath = new Set([start]);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const need = needsOf(top.stage)[top.next++];
      if (need === undefined) {
        path.pop();
        onPath.delete(top.stage);
        done.add(top.stage);
      } else if (onPath.has(need)) {
        return path.slice(path.findIndex(({ stage }) => stage === need)).map(({ stage }) => stage);
      } else if (!done.has(need)) {
        path.push({ stage: need, next: 0 });
        onPath.add(need);
      }
    }
  }
  return undefined;
}
