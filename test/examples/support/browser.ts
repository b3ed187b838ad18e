import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:tls';
import { chromium, type BrowserContext } from 'playwright-core';

/** Sooner than a test ends, so that the error says what was waited for. */
const DEADLINE_MS = 30_000;

/** Chromium with an empty profile, which trusts one server of this computer besides those that everybody trusts. */
export async function startBrowser(profile: string, httpsPort: number): Promise<BrowserContext> {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: findChromium(),
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
      `--ignore-certificate-errors-spki-list=${await keyHash(httpsPort)}`,
    ],
  });
  context.setDefaultTimeout(DEADLINE_MS);
  return context;
}

function findChromium(): string {
  try {
    return process.env.CHROMIUM || execFileSync('which', ['chromium']).toString().trim();
  } catch {
    throw new Error('this test drives a page in Chromium, which is not there: install the package chromium, or name the program in CHROMIUM');
  }
}

/** What Chromium knows a server by: the hash of its public key. */
async function keyHash(port: number): Promise<string> {
  const socket = connect({ host: 'localhost', port, servername: 'localhost', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const key = socket.getPeerX509Certificate()!.publicKey.export({ type: 'spki', format: 'der' });
  socket.destroy();
  return createHash('sha256').update(key).digest('base64');
}
