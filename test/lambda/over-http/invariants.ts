import { deliveredBy, parametersOf } from './summary';
import type { Formation } from './formation';
import type { LocalAccount } from './local-account';

/** Where text of a private key is, besides where private keys go. Only places are named. */
export function leaks({ local, answers }: Formation): readonly string[] {
  const { store } = local.account;
  const places: { readonly [place: string]: unknown } = {
    'an answer to CloudFormation': answers,
    'a log line': local.lines,
    'a record of AWS IoT': TABLES.map((table) => [...store.all(table)]),
    'a plain parameter': parametersOf(local).filter(({ type }) => type !== 'SecureString'),
    'the state of the stack': local.folder.readJson('custom-resources.json'),
  };
  const keys = deliveredBy(local).flatMap(({ secret: { privateKey } }) => (privateKey === undefined ? [] : bodyOf(privateKey)));
  return Object.entries(places).flatMap(([place, content]) => {
    const text = JSON.stringify(content) ?? '';
    return text.includes('PRIVATE KEY') || keys.some((key) => text.includes(key)) ? [place] : [];
  });
}

const TABLES = ['certificates', 'caCertificates', 'policies', 'things', 'registrationTasks', 'settings'] as const;

/** A part of a key that no other key has. */
function bodyOf(pem: string): string {
  return pem.replace(/-----[^-]+-----|\s/g, '').slice(64, 104);
}

/** How the text of a certificate begins that is inactive and attached to nothing. */
export const USELESS = 'INACTIVE, alone';

/** Certificates of the account that neither the template, nor what a handler remembers, nor a delivered secret names. */
export function orphans(local: LocalAccount): readonly string[] {
  const known = JSON.stringify([parametersOf(local), deliveredBy(local).map(({ secret }) => secret.certificateId)]);
  return [...local.account.store.all('certificates')].filter(({ certificateId, logicalId }) => logicalId === undefined && !known.includes(certificateId))
    .map(({ status, policies, things, certificateId }) => `${status}, ${policies.length + things.length === 0 ? 'alone' : 'attached'}: ${certificateId}`);
}

/**
 * What is wrong with the text that a person reads in the events of the stack.
 *
 * @param isUntrue AWS has said something that is not so, which no advice fits
 */
export function objectionToReason(reason: string, isUntrue: boolean): string | undefined {
  if (!/^(cannot .+: .+|ran out of time: deploy again .+)$/.test(reason)) {
    return `does not say in one line what cannot be done: ${reason}`;
  }
  return isUntrue || /; .*\b(look for|must exist|remove|choose|ask|wait|detach|deploy again)\b|deploy again/.test(reason) ? undefined : `does not say what to do: ${reason}`;
}
