const MOST_DIFFERENCES = 2;

/** The closest of the known names for something mistyped, as a hint. */
export function didYouMean(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let fewest = Math.min(MOST_DIFFERENCES, Math.floor(name.length / 2)) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) < fewest) {
      const count = differences(name.toLowerCase(), candidate.toLowerCase());
      if (count < fewest) {
        [best, fewest] = [candidate, count];
      }
    }
  }
  return best === undefined ? undefined : `did you mean '${best}'?`;
}

/** How many letters to insert, drop, replace or swap with their neighbour. */
function differences(left: string, right: string): number {
  let [before, last]: readonly [number[], number[]] = [[], Array.from({ length: right.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= left.length; i++) {
    const row = [i];
    for (let j = 1; j <= right.length; j++) {
      const replaced = last[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1] ? before[j - 2]! + 1 : Infinity;
      row.push(Math.min(replaced, swapped, row[j - 1]! + 1, last[j]! + 1));
    }
    [before, last] = [last, row];
  }
  return last[right.length]!;
}
