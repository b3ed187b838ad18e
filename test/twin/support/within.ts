/** Long enough for a busy computer; a wait that ends well takes milliseconds. */
const DEADLINE_MS = 30_000;

/** The value of a promise, or an error that says what did not happen in time. */
export async function within<T>(what: string, promise: Promise<T>, milliseconds = DEADLINE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: did not happen within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
