import { joinText, partsOf } from './text';
import type { Text, UnknownPart } from './text';

/** Where requests are made: the partition, Region and account that complete a name to an ARN. */
export interface AccountScope {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
}

/** The six colon-separated segments of an ARN; colons after the fifth belong to the resource. */
export interface ArnParts {
  readonly prefix: Text;
  readonly partition: Text;
  readonly service: Text;
  readonly region: Text;
  readonly account: Text;
  readonly resource: Text;
}

const SEGMENTS = 6;

/** What every ARN of AWS IoT Core in an account begins with. */
export function arnPrefix({ partition, region, accountId }: AccountScope): string {
  return `arn:${partition}:iot:${region}:${accountId}:`;
}

/** Split at the first five colons of the known parts; undefined when there are fewer. */
export function splitArn(arn: Text): ArnParts | undefined {
  const segments: (string | UnknownPart)[][] = [[]];
  for (const part of partsOf(arn)) {
    if (typeof part !== 'string') {
      segments[segments.length - 1]!.push(part);
      continue;
    }
    let rest = part;
    while (segments.length < SEGMENTS) {
      const colon = rest.indexOf(':');
      if (colon < 0) {
        break;
      }
      segments[segments.length - 1]!.push(rest.slice(0, colon));
      segments.push([]);
      rest = rest.slice(colon + 1);
    }
    segments[segments.length - 1]!.push(rest);
  }
  if (segments.length < SEGMENTS) {
    return undefined;
  }
  const [prefix, partition, service, region, account, resource] = segments.map(joinText);
  return { prefix: prefix!, partition: partition!, service: service!, region: region!, account: account!, resource: resource! };
}
