export * from './device-certificate';
export * from './device-certificate-props';
export * from './key-delivery';
export * from './key-type';
