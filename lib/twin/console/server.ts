import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import { showText } from '../../policy';
import { defaultVersion } from '../account';
import type { Account } from '../account';
import type { Clock, Timer } from '../clock';
import type { JobsService } from '../jobs';
import type { Journal, JournalEntry } from '../journal';
import type { Registry } from '../registry';
import { cut } from '../rules';
import type { RuleDeliveries, RuleDelivery } from '../rules';
import type { Shadows } from '../shadows';
import { Overview } from './overview';
import { PAGE } from './page';

/** Entries that a page opened later still gets to see. */
const REMEMBERED_ENTRIES = 500;

/** It listens on this computer alone. */
const OWN_NAMES = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Of the payload of a delivery, and of each of its fields. */
const SHOWN_CHARACTERS = 2000;

/** A viewer that reads slower than this falls out. */
const UNREAD_BYTES = 1024 * 1024;

/** Shadows and jobs may change a thousand times a second; nobody could read that. */
const REDRAW_MS = 250;

/** Of what was before, a page that opens is told the newest, so that it does not fall out over them: so much of each kind. */
const REPLAYED_BYTES = 256 * 1024;

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
};

export interface ConsoleProps {
  readonly account: Account;
  readonly clock: Clock;
  readonly deliveries: RuleDeliveries;
  readonly jobs: JobsService['jobs'];
  readonly journal: Journal;
  readonly registry: Registry;
  readonly shadows: Shadows;
  readonly warnings: () => readonly string[];
}

/**
 * The console: a page that shows things and, live, every decision with the statement that made it, what rules deliver, and
 * shadows and jobs as they are. It changes nothing.
 */
export function createConsoleServer({ account, clock, deliveries, jobs, journal, registry, shadows, warnings }: ConsoleProps): Server {
  const recent: JournalEntry[] = [];
  const viewers = new Set<ServerResponse>();
  journal.listen((entry) => {
    if (recent.push(entry) > REMEMBERED_ENTRIES) {
      recent.shift();
    }
  }, { allowed: false });
  let stopListening: (() => void) | undefined;
  const overview = new Overview(shadows, jobs);
  let redraw: Timer | undefined;
  overview.listen(() => {
    if (viewers.size > 0) {
      redraw ??= clock.after(REDRAW_MS, () => {
        redraw = undefined;
        const tables = overview.tables();
        viewers.forEach((viewer) => send(viewer, eventOf(tables, 'overview')));
      });
    }
  });

  return createServer((request, response) => {
    // A page of another site must not reach this server under a name of its own.
    if (!OWN_NAMES.has((request.headers.host ?? '').toLowerCase().replace(/:\d+$/, ''))) {
      response.writeHead(403, HEADERS).end('open the console as http://localhost');
      return;
    }
    switch (request.url) {
      case '/':
        response.writeHead(200, { ...HEADERS, 'content-type': 'text/html; charset=utf-8' }).end(PAGE);
        break;
      case '/deployment.json':
        response.writeHead(200, { ...HEADERS, 'content-type': 'application/json' }).end(JSON.stringify(describe(account, registry, warnings())));
        break;
      case '/deliveries.json':
        response.writeHead(200, { ...HEADERS, 'content-type': 'application/json' }).end(JSON.stringify(deliveries.all()));
        break;
      case '/events':
        response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
        // Without this, the page learns that it is connected only with the first entry.
        response.flushHeaders();
        newest(recent.map((entry) => eventOf(entry))).forEach((event) => response.write(event));
        newest(deliveries.all().slice(-REMEMBERED_ENTRIES).map((delivery) => eventOf(short(delivery), 'delivery'))).forEach((event) => response.write(event));
        send(response, eventOf(overview.tables(), 'overview'));
        watch(response);
        break;
      default:
        response.writeHead(404, HEADERS).end('not found');
    }
  });

  /** Allowed requests are only told while a page looks on. */
  function watch(response: ServerResponse): void {
    viewers.add(response);
    stopListening ??= listen();
    response.once('close', () => {
      viewers.delete(response);
      if (viewers.size === 0) {
        stopListening?.();
        stopListening = undefined;
      }
    });
  }

  function tell(event: string): void {
    viewers.forEach((viewer) => send(viewer, event));
  }

  function listen(): () => void {
    const ends = [
      journal.listen((entry) => tell(eventOf(entry))),
      deliveries.listen((delivery) => tell(eventOf(short(delivery), 'delivery'))),
    ];
    return () => ends.forEach((end) => end());
  }
}

/** Payloads and fields may be as large as a message, and larger; what is whole is in `/deliveries.json`. */
function short(delivery: RuleDelivery): RuleDelivery {
  const { payload, fields, reason, notes } = delivery;
  const shortened = (value: unknown): unknown => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return text.length > SHOWN_CHARACTERS ? cut(text, SHOWN_CHARACTERS) : value;
  };
  return {
    ...delivery,
    payload: cut(payload, SHOWN_CHARACTERS),
    fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, shortened(value)])),
    ...(reason === undefined ? {} : { reason: cut(reason, SHOWN_CHARACTERS) }),
    notes: notes.map((note) => cut(note, SHOWN_CHARACTERS)),
  };
}

/** As many as there is room for, in their order. */
function newest(events: readonly string[]): readonly string[] {
  let [first, room] = [events.length, REPLAYED_BYTES];
  while (first > 0 && (room -= Buffer.byteLength(events[first - 1]!)) >= 0) {
    first -= 1;
  }
  return events.slice(first);
}

function send(viewer: ServerResponse, event: string): void {
  if (viewer.writableLength > UNREAD_BYTES) {
    viewer.destroy();
  } else {
    viewer.write(event);
  }
}

function eventOf(data: object, event?: 'delivery' | 'overview'): string {
  return `${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`;
}

function describe(account: Account, registry: Registry, warnings: readonly string[]): object {
  return {
    ...account.scope,
    things: [...account.store.all('things')].map(({ thingName, attributes }) => ({
      name: thingName,
      attributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, showText(value)])),
      certificates: registry.certificatesOf(thingName).map(({ id, logicalId, status }) => ({ id, logicalId, status })),
    })),
    policies: [...account.store.all('policies')].map((policy) => ({ name: policy.policyName, document: readable(defaultVersion(policy).document) })),
    warnings,
  };
}

/** What was made while the twin ran is kept as text. */
function readable(document: unknown): unknown {
  return typeof document === 'string' ? JSON.parse(document) as unknown : document;
}
