import { readFileSync } from 'node:fs';

/** A CPU profile as V8 writes it. */
interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

/** Microseconds spent, by what the samples of a profile are about. */
export type Times = ReadonlyMap<string, number>;

/**
 * Add up the samples of a CPU profile of a bundle by what `classify` makes of their stacks, innermost frame first.
 * Frames are named by their source file, which esbuild writes above the code of each.
 */
export function timesOf(profileFile: string, bundleFile: string, classify: (stack: readonly Frame[]) => string): Times {
  const profile = JSON.parse(readFileSync(profileFile, 'utf8')) as CpuProfile;
  const fileAt = sourceFiles(readFileSync(bundleFile, 'utf8'));
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id] as const)));
  const labels = new Map<number, string>();
  const labelOf = (id: number): string => {
    const stack: Frame[] = [];
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const { functionName, url, lineNumber } = nodes.get(at)!.callFrame;
      stack.push({ name: functionName, file: url.endsWith('.cjs') ? fileAt[lineNumber] ?? '' : url });
    }
    return classify(stack);
  };
  const times = new Map<string, number>();
  profile.samples.forEach((id, index) => {
    const label = labels.get(id) ?? labelOf(id);
    labels.set(id, label);
    times.set(label, (times.get(label) ?? 0) + profile.timeDeltas[index]!);
  });
  return times;
}

export interface Frame {
  readonly name: string;

  /** Source file within the repository, or the module of Node; '' for what V8 does itself. */
  readonly file: string;
}

/** The source file of each line of a bundle. */
function sourceFiles(bundle: string): readonly string[] {
  let file = '';
  return bundle.split('\n').map((line) => {
    file = /^\/\/ ((?:lib|node_modules|bench)\/\S+)$/.exec(line)?.[1] ?? file;
    return file;
  });
}
