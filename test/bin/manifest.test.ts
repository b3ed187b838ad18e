import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { issue } from '../certificates/pki';
import { run, scratch } from './cli';

let bundle: string;
beforeAll(async () => {
  const [a, b] = await Promise.all([issue('sn-1'), issue('sn-2')]);
  bundle = `${a.pem}\n${b.pem}\n`;
});

const namesIn = (lines: string): string[] => lines.trim().split('\n').map((line) => (JSON.parse(line) as { ThingName: string }).ThingName);

test('writes one line for each certificate to standard output', async () => {
  const { code, stdout, stderr } = await run(['manifest', '-'], bundle);
  expect(namesIn(stdout)).toEqual(['sn-1', 'sn-2']);
  expect(stderr).toBe('');
  expect(code).toBe(0);
});

test('writes a file with --out, readable by its owner', async () => {
  const out = scratch('devices.ndjson');
  const { code, stdout, stderr } = await run(['manifest', '-', '--out', out], bundle);
  expect(namesIn(readFileSync(out, 'utf8'))).toEqual(['sn-1', 'sn-2']);
  expect(statSync(out).mode & 0o077).toBe(0);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: `2 devices in ${out}\n` });
});

describe('bad input fails with 2 and one line, and writes nothing', () => {
  test.each([
    ['no such file', ['nowhere.pem'], /^iot-warden: nowhere\.pem: cannot be read \(ENOENT\); give a file with certificates in PEM, or a signed manifest\n$/],
    ['a manifest without a certificate of the vendor', ['manifest.json'], /^iot-warden: manifest\.json: there must be a certificate of the vendor to check signatures with\n$/],
    ['a private key', ['key.pem'], /^iot-warden: key\.pem: the file has a private key, which belongs to its device alone; remove it, and make the device a new one\n$/],
    ['the same device in two files', ['bundle.pem', 'bundle.pem'], /^iot-warden: the manifest has two devices with the name sn-1\n$/],
  ])('%s', async (_, files, message) => {
    writeFileSync(scratch('manifest.json'), '[]');
    writeFileSync(scratch('bundle.pem'), bundle);
    writeFileSync(scratch('key.pem'), `${bundle}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n`);
    const out = scratch('nothing.ndjson');
    const { code, stdout, stderr } = await run(['manifest', ...files, '--out', out]);
    expect(stderr).toMatch(message);
    expect({ code, stdout, exists: existsSync(out) }).toEqual({ code: 2, stdout: '', exists: false });
  });
});
