// @peculiar/x509 uses tsyringe, which refuses to load without these; nothing that the tests call needs their answers.
Object.assign(Reflect, { getMetadata: () => undefined, getOwnMetadata: () => undefined, defineMetadata: () => undefined });
export {};
