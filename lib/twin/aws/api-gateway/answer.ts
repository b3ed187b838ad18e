import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { ServiceResponse } from '../service';

/** What belongs to the connection, which is not the function's. */
const NOT_FORWARDED = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding', 'upgrade']);

export function message(status: number, text: string): ServiceResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ message: text }) };
}

/**
 * What a function answered, as a response: with a status as it says, without one as JSON.
 *
 * @returns nothing for an answer that API Gateway does not understand
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html#http-api-develop-integrations-lambda.response
 */
export function answerOf(result: unknown): ServiceResponse | undefined {
  const { statusCode, headers = {}, cookies = [], body = '', isBase64Encoded = false } = Object(result) as Readonly<Record<string, unknown>>;
  if (statusCode === undefined) {
    return { status: 200, headers: { 'content-type': 'application/json' }, body: typeof result === 'string' ? result : JSON.stringify(result) };
  }
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599 || typeof body !== 'string' || !Array.isArray(cookies)) {
    return undefined;
  }
  const given = Object.entries(Object(headers) as Readonly<Record<string, unknown>>)
    .filter(([name]) => !NOT_FORWARDED.has(name.toLowerCase()))
    .map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  const setCookies = cookies.map(String);
  try {
    given.forEach(([name, value]) => {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    });
    setCookies.forEach((cookie) => validateHeaderValue('set-cookie', cookie));
  } catch {
    return undefined;
  }
  return {
    status,
    headers: { 'content-type': 'text/plain;charset=UTF-8', ...Object.fromEntries(given), ...setCookies.length > 0 && { 'set-cookie': setCookies } },
    body: isBase64Encoded === true ? Buffer.from(body, 'base64') : body,
  };
}
