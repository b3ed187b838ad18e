import { resolve } from 'node:path';
import { defineConfig } from 'vite';

const repository = resolve(import.meta.dirname, '../../..');
const web = resolve(repository, 'lib/web');

export default defineConfig({
  // In this repository alone: an app imports what it has installed.
  resolve: { alias: { 'cdk-iot-warden/web': resolve(web, 'index.ts') } },
  // The attach service lets this origin in and no other.
  server: { port: 5173, strictPort: true, fs: { allow: [import.meta.dirname, web, resolve(repository, 'node_modules')] } },
  build: { target: 'es2022', modulePreload: { polyfill: false }, chunkSizeWarningLimit: 1000 },
});
