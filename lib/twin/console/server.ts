import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import { showText } from '../../policy';
import { defaultVersion } from '../account';
import type { Account } from '../account';
import type { Clock, Timer } from '../clock';
import type { JobsService } from '../jobs';
import type { Journal, JournalEntry } from '../journal';
import type { Registry } from '../registry';
import type { RuleDeliveries, RuleDelivery } from '../rules';
import type { Shadows } from '../shadows';
import { Overview } from './overview';
import { PAGE } from './page';

/** Entries that a page opened later still gets to see. */
const REMEMBERED_ENTRIES = 500;

/** It listens on this computer alone. */
const OWN_NAMES = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Of the payload of a delivery. */
const SHOWN_CHARACTERS = 2000;

/** A viewer that reads slower than this falls out. */
const UNREAD_BYTES = 1024 * 1024;

/** Shadows and jobs may change a thousand times a second; nobody could read that. */
const REDRAW_MS = 250;

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
        viewers.forEach((viewer) => send(viewer, tables, 'overview'));
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
        recent.forEach((entry) => send(response, entry));
        deliveries.all().slice(-REMEMBERED_ENTRIES).forEach((delivery) => send(response, short(delivery), 'delivery'));
        send(response, overview.tables(), 'overview');
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

  function listen(): () => void {
    const ends = [
      journal.listen((entry) => viewers.forEach((viewer) => send(viewer, entry))),
      deliveries.listen((delivery) => viewers.forEach((viewer) => send(viewer, short(delivery), 'delivery'))),
    ];
    return () => ends.forEach((end) => end());
  }
}

/** A payload may be as large as a message; what is whole is in `/deliveries.json`. */
function short(delivery: RuleDelivery): RuleDelivery {
  const { payload } = delivery;
  return payload.length > SHOWN_CHARACTERS ? { ...delivery, payload: `${payload.slice(0, SHOWN_CHARACTERS)}…` } : delivery;
}

function send(viewer: ServerResponse, data: object, event?: 'delivery' | 'overview'): void {
  if (viewer.writableLength > UNREAD_BYTES) {
    viewer.destroy();
  } else {
    viewer.write(`${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`);
  }
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
