import bundleHandlers from '../lambda/bundle.mjs';
import { bundleProcess } from '../scripts/bundle-lambda-runtime.mjs';

export default async function setUp() {
  await Promise.all([bundleHandlers(), bundleProcess()]);
}
