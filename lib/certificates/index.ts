export * from './device-certificate';
