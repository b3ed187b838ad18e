declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** @see https://github.com/architect/dynalite */
  function dynalite(options?: { readonly createTableMs?: number; readonly deleteTableMs?: number; readonly updateTableMs?: number }): Server;
  export = dynalite;
}
