import { secretsIn } from '../../bin/authorize-event';

const hidden = (event: Parameters<typeof secretsIn>[0], text: string): string => secretsIn(event).reduce((rest, secret) => rest.replaceAll(secret, '…'), text);

describe('what a function prints', () => {
  test('does not have a signature, as it was sent or decoded', () => {
    const event = { protocolData: { mqtt: { username: 'sensor-1?x-amz-customauthorizer-signature=ab%2Bcd%3D&token=1+2+3' } } };
    expect(hidden(event, 'of sensor-1: ab%2Bcd%3D, ab+cd=, 1+2+3')).toBe('of sensor-1: …, …, …');
  });

  test('does not have what is left of a token in which there is another', () => {
    expect(hidden({ token: 'abcd.secret', protocolData: { http: { headers: { 'x-key': 'abcd' } } } }, 'abcd.secret')).toBe('…');
  });
});
