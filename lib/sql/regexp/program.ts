import type { CharacterTest } from './classes';
import { RegexpError } from './syntax';
import type { Node, Place } from './syntax';

/** One step of the matcher; `split` goes both ways, and the first is the better one. */
export type Instruction =
  | { readonly do: 'one'; readonly test: CharacterTest }
  | { readonly do: 'split'; first: number; second: number }
  | { readonly do: 'jump'; to: number }
  | { readonly do: 'save'; readonly slot: number }
  | { readonly do: 'at'; readonly place: Place }
  | { readonly do: 'match' };

const MAX_INSTRUCTIONS = 4000;

/** The instructions for a tree; counted repetitions are written out. */
export function programOf(root: Node): readonly Instruction[] {
  const program: Instruction[] = [];
  const add = <T extends Instruction>(instruction: T): T => {
    if (program.push(instruction) > MAX_INSTRUCTIONS) {
      throw new RegexpError('too large once its counts are written out');
    }
    return instruction;
  };
  const split = (lazy: boolean): ((second: number) => void) => {
    const instruction = add({ do: 'split', first: program.length + 1, second: program.length + 1 });
    return (other) => void (lazy ? instruction.first = other : instruction.second = other);
  };
  const write = (node: Node): void => {
    switch (node.kind) {
      case 'one': add({ do: 'one', test: node.test }); return;
      case 'at': add({ do: 'at', place: node.place }); return;
      case 'all': node.nodes.forEach(write); return;
      case 'group':
        add({ do: 'save', slot: 2 * node.index });
        write(node.node);
        add({ do: 'save', slot: 2 * node.index + 1 });
        return;
      case 'any': {
        const ends = node.nodes.slice(0, -1).map((one) => {
          const otherwise = split(false);
          write(one);
          const end = add({ do: 'jump', to: 0 });
          otherwise(program.length);
          return end;
        });
        write(node.nodes.at(-1)!);
        ends.forEach((end) => { end.to = program.length; });
        return;
      }
      case 'repeat': repeat(node);
    }
  };
  const repeat = ({ node, least, most, lazy }: Extract<Node, { kind: 'repeat' }>): void => {
    for (let count = 0; count < least; count++) {
      write(node);
    }
    if (most === Infinity) {
      const start = program.length;
      const leave = split(lazy);
      write(node);
      add({ do: 'jump', to: start });
      leave(program.length);
      return;
    }
    const leaves = Array.from({ length: most - least }, () => {
      const leave = split(lazy);
      write(node);
      return leave;
    });
    leaves.forEach((leave) => leave(program.length));
  };
  add({ do: 'save', slot: 0 });
  write(root);
  add({ do: 'save', slot: 1 });
  add({ do: 'match' });
  return program;
}
