export { readRules } from './read-rules';
export { runRules } from './run-rules';
