import type { ServiceError, ServiceResponse } from './service';

/** An element of XML: its name, and its text or children. */
export type Xml = readonly [name: string, content: string | number | boolean | readonly Xml[]];

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** What XML 1.0 cannot hold, escaped or not. */
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

export function toXml([name, content]: Xml, namespace?: string): string {
  const inside = typeof content === 'object'
    ? content.map((child) => toXml(child)).join('')
    : String(content).replace(NOT_XML, '').replace(/[&<>"]/g, (character) => ENTITIES[character]!);
  return `<${name}${namespace === undefined ? '' : ` xmlns="${namespace}"`}>${inside}</${name}>`;
}

export function xmlAnswer(status: number, root: Xml, namespace?: string): ServiceResponse {
  return { status, headers: { 'content-type': 'application/xml' }, body: `<?xml version="1.0" encoding="UTF-8"?>${toXml(root, namespace)}` };
}

/** An error, in the shape of S3 or, with a wrapper, in that of the query protocol. */
export function xmlError({ name, message, statusCode }: ServiceError, wrapper?: 'ErrorResponse'): ServiceResponse {
  const error: Xml = ['Error', [['Code', name], ['Message', message]]];
  return xmlAnswer(statusCode, wrapper === undefined ? error : [wrapper, [error]]);
}
