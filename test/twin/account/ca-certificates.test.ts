import { newAccount } from '../provisioning/account';
import { OpenSsl } from '../provisioning/openssl';
import type { Pair } from '../provisioning/openssl';
import { selfSigned } from '../support/certificates';
import { FakeClock } from '../support/fake-clock';

const openssl = new OpenSsl();
let ca: Pair;
let other: Pair;
let account: ReturnType<typeof newAccount>;
let clock: FakeClock;

const DAY_SEC = 24 * 3600;

beforeAll(() => {
  ca = openssl.authority('/CN=Plant CA');
  other = openssl.authority('/CN=Plant CA');
});

beforeEach(() => {
  clock = new FakeClock();
  account = newAccount(clock);
});

function failure(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return 'no failure';
}

describe('a CA in DEFAULT mode', () => {
  test('is registered with a certificate for the registration code that its key signed', () => {
    const { registrationCode } = account.getRegistrationCode();
    const verificationCertificate = openssl.issue(ca, `/CN=${registrationCode}`).certificatePem;
    const { certificateId } = account.registerCaCertificate({ caCertificate: ca.certificatePem, verificationCertificate, setAsActive: true, allowAutoRegistration: true });
    expect(account.describeCaCertificate({ certificateId }).certificateDescription).toMatchObject({ status: 'ACTIVE', autoRegistrationStatus: 'ENABLE', certificateMode: 'DEFAULT' });
    expect(failure(() => account.registerCaCertificate({ caCertificate: ca.certificatePem, verificationCertificate }))).toMatch(/^ResourceAlreadyExistsException/);
  });

  test('is refused with the code of another account, the key of another CA, or no proof', () => {
    const { registrationCode } = account.getRegistrationCode();
    const register = (verificationCertificate?: string): string => failure(() => account.registerCaCertificate({ caCertificate: ca.certificatePem, verificationCertificate }));
    expect(register(openssl.issue(ca, '/CN=elsewhere').certificatePem)).toMatch(/^RegistrationCodeValidationException/);
    expect(register(openssl.issue(other, `/CN=${registrationCode}`).certificatePem)).toMatch(/^CertificateValidationException: .* not signed by the key/);
    expect(register()).toMatch(/^InvalidRequestException/);
    clock.advance(11 * DAY_SEC);
    expect(register(openssl.issue(ca, `/CN=${registrationCode}`).certificatePem)).toMatch(/^CertificateValidationException: .*verificationCertificate.* valid from/);
  });
});

describe('a CA in SNI_ONLY mode', () => {
  test('is registered without a proof, and refused with one', () => {
    account.registerCaCertificate({ caCertificate: ca.certificatePem, certificateMode: 'SNI_ONLY' });
    const { registrationCode } = account.getRegistrationCode();
    const verificationCertificate = openssl.issue(other, `/CN=${registrationCode}`).certificatePem;
    expect(failure(() => account.registerCaCertificate({ caCertificate: other.certificatePem, certificateMode: 'SNI_ONLY', verificationCertificate }))).toMatch(/^InvalidRequestException/);
  });

  test('is refused for a certificate that is none of a CA, out of date, or no certificate', async () => {
    const register = (caCertificate: string): string => failure(() => account.registerCaCertificate({ caCertificate, certificateMode: 'SNI_ONLY' }));
    expect(register((await selfSigned('EC', 'leaf')).certificatePem)).toMatch(/^CertificateValidationException: .* basicConstraints do not say CA:TRUE$/);
    expect(register('no certificate')).toMatch(/^CertificateValidationException: .* no X.509 certificate/);
    clock.advance(31 * DAY_SEC);
    expect(register(ca.certificatePem)).toMatch(/^CertificateValidationException: .* valid from/);
  });

  test('can be deactivated and then deleted', () => {
    const { certificateId } = account.registerCaCertificate({ caCertificate: ca.certificatePem, certificateMode: 'SNI_ONLY', setAsActive: true });
    expect(failure(() => account.deleteCaCertificate({ certificateId }))).toMatch(/^CertificateStateException/);
    account.updateCaCertificate({ certificateId, newStatus: 'INACTIVE' });
    account.deleteCaCertificate({ certificateId });
    expect(account.listCaCertificates({}).certificates).toEqual([]);
  });
});

describe('a device certificate', () => {
  test('is registered under the CA that signed it, in its mode', () => {
    const { certificateId: caCertificateId } = account.registerCaCertificate({ caCertificate: ca.certificatePem, certificateMode: 'SNI_ONLY', setAsActive: true });
    account.registerCaCertificate({ caCertificate: other.certificatePem, certificateMode: 'SNI_ONLY', setAsActive: true });
    const { certificatePem } = openssl.issue(ca, '/CN=device');
    const { certificateId } = account.registerCertificate({ certificatePem, setAsActive: true });
    expect(account.describeCertificate({ certificateId }).certificateDescription).toMatchObject({ caCertificateId, certificateMode: 'SNI_ONLY', status: 'ACTIVE', certificatePem });
    expect(account.listCertificatesByCa({ caCertificateId }).certificates).toMatchObject([{ certificateId }]);
    expect(failure(() => account.registerCertificateWithoutCA({ certificatePem }))).toMatch(/^ResourceAlreadyExistsException/);
  });

  test('is refused where its CA is not registered, inactive or another', () => {
    const { certificatePem } = openssl.issue(ca, '/CN=device');
    expect(failure(() => account.registerCertificate({ certificatePem }))).toMatch(/^CertificateValidationException: .* is not registered/);
    account.registerCaCertificate({ caCertificate: other.certificatePem, certificateMode: 'SNI_ONLY', setAsActive: true });
    expect(failure(() => account.registerCertificate({ certificatePem, caCertificatePem: other.certificatePem }))).toMatch(/^CertificateValidationException: .* not signed by the CA certificate/);
    account.registerCaCertificate({ caCertificate: ca.certificatePem, certificateMode: 'SNI_ONLY' });
    expect(failure(() => account.registerCertificate({ certificatePem }))).toMatch(/^CertificateStateException: .* is INACTIVE$/);
  });

  test('is registered without a CA, for clients that send the name of the server', async () => {
    const { certificatePem } = await selfSigned('RSA', 'device');
    const { certificateId } = account.registerCertificateWithoutCA({ certificatePem, status: 'ACTIVE' });
    expect(account.describeCertificate({ certificateId }).certificateDescription).toMatchObject({ certificateMode: 'SNI_ONLY', status: 'ACTIVE' });
  });
});
