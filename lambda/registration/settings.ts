import { RequestError } from '../custom-resource';

/** The settings of a function, which its construct has written into the environment. */
export function setting(name: string, environment: NodeJS.ProcessEnv = process.env): string {
  const value = environment[name];
  if (value === undefined || value === '') {
    throw new RequestError(`the environment variable ${name} must be set; deploy the function with its construct`);
  }
  return value;
}

/** A setting that the construct has written as JSON. */
export function jsonSetting<T>(name: string): T {
  return JSON.parse(setting(name)) as T;
}
