import { ConnectionRequest, problemsOf } from '../../lib/authorizer-kit';
import { mqttEvent } from './events';

describe('a request over MQTT', () => {
  const request = new ConnectionRequest(mqttEvent({ username: 'ann?x-amz-customauthorizer-name=a&jwt=a%2Bb%3D&empty=', password: 'pässword', clientId: 'c', token: 't', signatureVerified: true }));

  test('has its credentials where AWS IoT puts them', () => {
    expect(request).toMatchObject({
      token: 't', signatureVerified: true, userName: 'ann', password: 'pässword', clientId: 'c', serverName: 'example-ats.iot.eu-west-1.amazonaws.com',
      connectionId: 'b2a4c7d0-0000-4000-8000-000000000000', protocols: ['tls', 'mqtt'], bearerToken: undefined, certificate: undefined,
    });
    expect(['jwt', 'x-amz-customauthorizer-name', 'empty', 'none'].map((name) => request.parameter(name))).toEqual(['a+b=', 'a', '', undefined]);
  });

  test('has a password of bytes', () => {
    expect(new ConnectionRequest({ protocolData: { mqtt: { password: '/w==' } } }).passwordBytes).toEqual(Buffer.from([255]));
  });
});

describe('a request over HTTP', () => {
  const request = new ConnectionRequest({ protocols: ['tls', 'http'], protocolData: { http: { headers: { 'AUTHORIZATION': 'bearer abc.def', 'x-Api': '1' }, queryString: '?jwt=q' } } });

  test('has headers in any case, a bearer token and parameters', () => {
    expect([request.header('X-API'), request.bearerToken, request.parameter('jwt'), request.clientId, request.password]).toEqual(['1', 'abc.def', 'q', undefined, undefined]);
  });

  test.each(['Basic abc', 'Bearer', 'Bearer a b', 'abc', ''])('has no bearer token in %j', (authorization) => {
    expect(new ConnectionRequest({ protocolData: { http: { headers: { authorization } } } }).bearerToken).toBeUndefined();
  });
});

test('a request with a certificate has both parts of it', () => {
  expect(new ConnectionRequest({ protocolData: { tls: { x509CertificatePem: 'pem', principalId: 'id' } } }).certificate).toEqual({ pem: 'pem', principalId: 'id' });
  expect(new ConnectionRequest({ protocolData: { tls: { principalId: 'id' } } }).certificate).toEqual({ principalId: 'id' });
});

describe('an answer', () => {
  const good = { isAuthenticated: true, principalId: 'a1', disconnectAfterInSeconds: 300, refreshAfterInSeconds: 86_400, policyDocuments: [{ Version: '2012-10-17', Statement: [] }] };

  test('that AWS IoT takes has no problems', () => {
    expect([good, { ...good, policyDocuments: undefined }, { ...good, policyDocuments: ['{}'] }, { isAuthenticated: false }].flatMap(problemsOf)).toEqual([]);
  });

  test.each<[unknown, string]>([
    [null, 'the answer must be an object'],
    [[], 'the answer must be an object'],
    [{}, "'isAuthenticated' must be true or false"],
    [{ ...good, isAuthenticated: 'true' }, "'isAuthenticated' must be true or false"],
    [{ ...good, principalId: 'a-b' }, "'principalId' must have 1 to 128 letters and digits"],
    [{ ...good, principalId: 'a'.repeat(129) }, "'principalId' must have 1 to 128 letters and digits"],
    [{ ...good, disconnectAfterInSeconds: 299 }, "'disconnectAfterInSeconds' must be a whole number from 300 to 86400"],
    [{ ...good, refreshAfterInSeconds: '300' }, "'refreshAfterInSeconds' must be a whole number from 300 to 86400"],
    [{ ...good, policyDocuments: {} }, "'policyDocuments' must be a list"],
    [{ ...good, policyDocuments: [1] }, 'policyDocuments[0] must be a policy document'],
    [{ ...good, policyDocuments: Array(11).fill({}) }, "'policyDocuments' must have at most 10 documents, got 11"],
    [{ ...good, policyDocuments: [{ a: 'x'.repeat(2042) }] }, 'policyDocuments[0] must have at most 2048 characters without white space, got 2050'],
  ])('%j is refused', (answer, problem) => {
    expect(problemsOf(answer)).toEqual([problem]);
  });
});
