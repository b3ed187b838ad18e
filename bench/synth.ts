import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { bundle } from './bundle';
import { runNode, scratchFolder } from './node-process';
import { median, ratio } from './report';
import type { Bench } from './report';

const MUST_RATIO = 1.3;
const THINGS = 100;
const KINDS = ['fleet', 'l1'] as const;
const WHATS = ['things', 'certificates'] as const;

type Kind = typeof KINDS[number];
type What = typeof WHATS[number];

interface Resource {
  readonly Type: string;
  readonly Properties: { readonly PolicyDocument: object };
}

interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
}

/** CPU milliseconds. */
interface Times {
  readonly synthesis: number;
}

const LABELS: { readonly [what in What]: string } = { things: 'things', certificates: 'things, certificates and attachments' };

interface Synthesis extends Times {
  readonly resources: readonly Resource[];
}

export const synthBench: Bench = {
  name: 'synth',
  about: `CPU time to define and synthesize a fleet of ${THINGS} things, next to the same resources as L1s`,
  async run({ quick, say }) {
    const folder = scratchFolder();
    try {
      const script = await bundle(join(__dirname, 'synth-app.ts'), folder);
      const input = join(folder, 'input.json');
      const requests = await signingRequests();
      writeFileSync(input, JSON.stringify({ requests, documents: [] }));
      const once = (kind: Kind, what: What): Synthesis => {
        const { template, ...times } = runNode(script, [kind, what, input], folder) as Times & { readonly template: Template };
        return { ...times, resources: Object.values(template.Resources) };
      };
      const policies = once('fleet', 'things').resources.filter(({ Type }) => Type === 'AWS::IoT::Policy');
      writeFileSync(input, JSON.stringify({ requests, documents: policies.map(({ Properties }) => Properties.PolicyDocument) }));
      const rounds = quick ? 1 : 9;
      const rows = WHATS.map((what) => {
        const runs: { readonly [kind in Kind]: Synthesis[] } = { fleet: [], l1: [] };
        for (let round = 0; round < rounds; round++) {
          say(`${what}: round ${round + 1} of ${rounds}`);
          KINDS.forEach((kind) => runs[kind].push(once(kind, what)));
        }
        requireSameResources(runs.fleet[0]!.resources, runs.l1[0]!.resources);
        const [fleet, l1] = KINDS.map((kind) => median(runs[kind].map(({ synthesis }) => synthesis)));
        return [LABELS[what], `${fleet!.toFixed(0)} ms`, `${l1!.toFixed(0)} ms`, ratio(fleet! / l1!)];
      });
      const measured = rows[0]!.at(-1)!;
      return {
        table: { head: ['what', 'DeviceFleet', 'L1s', 'ratio'], rows },
        verdicts: [{ must: `at most ${ratio(MUST_RATIO)} as long as L1s for ${THINGS} things`, holds: Number.parseFloat(measured) <= MUST_RATIO, measured }],
        notes: [
          `Fresh processes in turn, ${rounds} of each, medians.`,
          'With certificates the fleet reads every signing request, decodes its key and verifies its signature; the L1s check nothing. That is not judged.',
        ],
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function signingRequests(): Promise<Readonly<Record<string, string>>> {
  const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const requests: Record<string, string> = {};
  for (let index = 0; index < THINGS; index++) {
    const keys = await webcrypto.subtle.generateKey(signingAlgorithm, false, ['sign', 'verify']);
    const name = `sensor-${index}`;
    const request = await Pkcs10CertificateRequestGenerator.create({ name: `CN=${name}`, keys, signingAlgorithm });
    requests[name] = request.toString('pem');
  }
  return requests;
}

function requireSameResources(fleet: readonly Resource[], l1: readonly Resource[]): void {
  const [one, other] = [fleet, l1].map((resources) => resources.map(({ Type }) => Type).sort().join());
  if (one !== other) {
    throw new Error('the fleet and the L1s make different resources');
  }
}
