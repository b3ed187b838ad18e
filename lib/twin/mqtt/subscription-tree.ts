/** The subscribers of one filter, by the session's client id; members of a share take turns. */
class Node<S> {
  public readonly children = new Map<string, Node<S>>();
  public readonly subscribers = new Map<string, S>();
  public readonly shares = new Map<string, Share<S>>();

  public get isEmpty(): boolean {
    return this.children.size === 0 && this.subscribers.size === 0 && this.shares.size === 0;
  }
}

/** The members of a shared subscription; each message goes to one of them. */
export class Share<S> {
  public readonly members = new Map<string, S>();
  private next = 0;

  /** The members in the order in which they should be asked for the next message. */
  public inTurn(): readonly S[] {
    const members = [...this.members.values()];
    const first = this.next++ % members.length;
    return [...members.slice(first), ...members.slice(0, first)];
  }
}

/** Whoever matches a topic. */
export interface Matches<S> {
  readonly subscribers: readonly S[];
  readonly shares: readonly Share<S>[];
}

/** Matches in the making. */
interface Found<S> {
  readonly subscribers: S[];
  readonly shares: Share<S>[];
}

/** More topics and subscribers of them than this and the memory of matches starts anew. */
const REMEMBERED = 1_000_000;
const TOPIC_WEIGHT = 100;

/**
 * Subscriptions by topic filter, one node a level. What a topic matches is remembered until a subscription changes, as
 * devices publish to the same few topics over and over.
 */
export class SubscriptionTree<S> {
  private readonly root = new Node<S>();
  private readonly remembered = new Map<string, Matches<S>>();
  private rememberedWeight = 0;

  public add(filter: string, share: string | undefined, clientId: string, subscription: S): void {
    let node = this.root;
    for (const level of filter.split('/')) {
      let child = node.children.get(level);
      if (child === undefined) {
        child = new Node();
        node.children.set(level, child);
      }
      node = child;
    }
    if (share === undefined) {
      node.subscribers.set(clientId, subscription);
    } else {
      let group = node.shares.get(share);
      if (group === undefined) {
        group = new Share();
        node.shares.set(share, group);
      }
      group.members.set(clientId, subscription);
    }
    this.forget();
  }

  public remove(filter: string, share: string | undefined, clientId: string): void {
    this.removeBelow(this.root, filter.split('/'), 0, share, clientId);
    this.forget();
  }

  public match(topic: string): Matches<S> {
    let matches = this.remembered.get(topic);
    if (matches === undefined) {
      const found: Found<S> = { subscribers: [], shares: [] };
      this.collect(this.root, topic.split('/'), 0, fixedLevels(topic), found);
      matches = found;
      this.rememberedWeight += TOPIC_WEIGHT + matches.subscribers.length + matches.shares.length;
      if (this.rememberedWeight > REMEMBERED) {
        this.forget();
      }
      this.remembered.set(topic, matches);
    }
    return matches;
  }

  private forget(): void {
    this.remembered.clear();
    this.rememberedWeight = 0;
  }

  private removeBelow(node: Node<S>, levels: readonly string[], depth: number, share: string | undefined, clientId: string): void {
    if (depth === levels.length) {
      if (share === undefined) {
        node.subscribers.delete(clientId);
      } else {
        const group = node.shares.get(share);
        group?.members.delete(clientId);
        if (group?.members.size === 0) {
          node.shares.delete(share);
        }
      }
      return;
    }
    const child = node.children.get(levels[depth]!);
    if (child !== undefined) {
      this.removeBelow(child, levels, depth + 1, share, clientId);
      if (child.isEmpty) {
        node.children.delete(levels[depth]!);
      }
    }
  }

  private collect(node: Node<S>, levels: readonly string[], depth: number, fixed: number, found: Found<S>): void {
    const wildcards = depth >= fixed;
    if (depth === levels.length) {
      take(node, found);
      return;
    }
    // As AWS documents, and unlike the MQTT standard, 'sensor/#' does not match 'sensor'.
    const rest = wildcards ? node.children.get('#') : undefined;
    if (rest !== undefined) {
      take(rest, found);
    }
    for (const child of [node.children.get(levels[depth]!), wildcards ? node.children.get('+') : undefined]) {
      if (child !== undefined) {
        this.collect(child, levels, depth + 1, fixed, found);
      }
    }
  }
}

/**
 * How many levels of a topic no wildcard stands for. [MQTT-4.7.2-1] A filter that starts with a wildcard does not match a topic
 * that starts with '$'; and what is ingested goes past the message broker, to its rule alone.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-basic-ingest.html
 */
function fixedLevels(topic: string): number {
  return !topic.startsWith('$') ? 0 : topic.startsWith('$aws/rules/') ? 2 : 1;
}

/** One at a time: a spread of very many arguments overflows the stack. */
function take<S>(node: Node<S>, found: Found<S>): void {
  for (const subscription of node.subscribers.values()) {
    found.subscribers.push(subscription);
  }
  for (const share of node.shares.values()) {
    found.shares.push(share);
  }
}
