import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { ServiceError } from '../service';
import { StateFile } from '../state-file';
import { declared } from '../surroundings';
import type { Surroundings } from '../surroundings';

/** What is known of an object without its bytes. */
export interface ObjectInfo {
  readonly key: string;
  readonly size: number;

  /** The MD5 of the bytes in quotes, as S3 has it for objects that are put in one piece. */
  readonly etag: string;
  readonly lastModified: number;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A bucket, as far as handlers and devices use one. */
export interface Bucket {
  list(): readonly ObjectInfo[];
  get(key: string): ObjectInfo | undefined;
  read(key: string): Buffer;
  put(info: Omit<ObjectInfo, 'size' | 'etag' | 'lastModified'>, body: Buffer): ObjectInfo;
  remove(key: string): void;
}

/** The bucket that the CDK uploads assets to. https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html */
const ASSET_BUCKET = /^cdk-[a-z0-9]{1,10}-assets-\d{12}-[a-z0-9-]+$/;

/** @throws ServiceError for a bucket that is not there. */
export function findBucket(around: Surroundings, name: string): Bucket {
  if (declared(around, 'AWS::S3::Bucket').some(({ id }) => id === name)) {
    return new StoredBucket(around, name);
  }
  if (ASSET_BUCKET.test(name)) {
    return new AssetBucket(around);
  }
  throw new ServiceError('NoSuchBucket', 'the assembly declares no such bucket', 404);
}

/** @throws ServiceError for an object or bucket that is not there. */
export function readObject(around: Surroundings, bucketName: string, key: string): Buffer {
  const bucket = findBucket(around, bucketName);
  if (bucket.get(key) === undefined) {
    throw new ServiceError('NoSuchKey', `the bucket ${bucketName} has no object ${key}`, 404);
  }
  return bucket.read(key);
}

/** A bucket of the deployment, in the state folder. */
class StoredBucket implements Bucket {
  private readonly index: StateFile<Readonly<Record<string, ObjectInfo>>>;

  constructor(private readonly around: Surroundings, private readonly name: string) {
    this.index = new StateFile(around.folder, `s3-${name}`, {});
  }

  public list(): readonly ObjectInfo[] {
    return Object.values(this.index.read());
  }

  public get(key: string): ObjectInfo | undefined {
    const objects = this.index.read();
    return Object.hasOwn(objects, key) ? objects[key] : undefined;
  }

  public read(key: string): Buffer {
    return readFileSync(this.around.folder.file(...this.fileOf(key)));
  }

  public put(info: Omit<ObjectInfo, 'size' | 'etag' | 'lastModified'>, body: Buffer): ObjectInfo {
    const object = { ...info, size: body.length, etag: etagOf(body), lastModified: this.around.clock.now() };
    this.around.folder.write(this.fileOf(info.key), body);
    this.index.write({ ...this.index.read(), [info.key]: object });
    return object;
  }

  public remove(key: string): void {
    this.index.write(Object.fromEntries(Object.entries(this.index.read()).filter(([each]) => each !== key)));
    rmSync(this.around.folder.file(...this.fileOf(key)), { force: true });
  }

  /** Keys may be longer than names of files, and differ in case alone. */
  private fileOf(key: string): [string, string, string] {
    return ['s3', this.name, createHash('sha256').update(key).digest('hex')];
  }
}

/** The files of the assembly, for whom they were uploaded by `cdk deploy`. Nothing can be written to them. */
class AssetBucket implements Bucket {
  constructor(private readonly around: Surroundings) {}

  public list(): readonly ObjectInfo[] {
    return this.around.deployment().stacks.flatMap(({ assets }) => Object.keys(assets)).flatMap((key) => this.get(key) ?? []);
  }

  public get(key: string): ObjectInfo | undefined {
    const file = this.fileOf(key);
    const stats = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false });
    return file === undefined || stats?.isFile() !== true ? undefined : {
      key, size: stats.size, etag: etagOf(readFileSync(file)), lastModified: stats.mtimeMs, contentType: 'application/octet-stream', metadata: {},
    };
  }

  public read(key: string): Buffer {
    return readFileSync(this.fileOf(key)!);
  }

  public put(): never {
    throw new ServiceError('AccessDenied', 'the bucket with the assets of the assembly cannot be written to in the twin', 403);
  }

  public remove(): never {
    return this.put();
  }

  private fileOf(key: string): string | undefined {
    const name = basename(key);
    return this.around.deployment().stacks.map(({ assets }) => (Object.hasOwn(assets, name) ? assets[name] : undefined)).find((file) => file !== undefined);
  }
}

function etagOf(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}
