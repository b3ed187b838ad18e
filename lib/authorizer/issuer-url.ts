/** Names of this computer, which plain HTTP does not leave. */
const HERE = ['127.0.0.1', 'localhost', '[::1]'];

/** Whether nobody on the way can change what is fetched from a URL: HTTPS, or plain HTTP on this computer for tests. */
export function isProtected(url: string): boolean {
  if (!URL.canParse(url)) {
    return false;
  }
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && HERE.includes(hostname));
}
