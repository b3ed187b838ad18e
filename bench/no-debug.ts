/** Stands for the package `debug` in bundles: a logger that says nothing. */
const silent = (): void => {};

export = (): typeof silent => silent;
