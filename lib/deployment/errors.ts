/** The input cannot be read as a deployment. `message` says in one line what is wrong, where, and what to do. */
export class DeploymentError extends Error {
  /** The file, stack or resource that is at fault. */
  public readonly where: string;

  constructor(where: string, problem: string) {
    const place = oneLine(where);
    super(`${place}: ${oneLine(problem)}`);
    this.name = 'DeploymentError';
    this.where = place;
  }
}

/** Messages may quote hostile input: keep them to one line of bounded length. */
const MAX_QUOTED = 1000;

function oneLine(text: string): string {
  return text.slice(0, MAX_QUOTED).replace(/\s+/g, ' ').trim();
}
