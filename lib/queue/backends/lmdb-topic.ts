// What stands in the folder of a topic besides its buckets: what the topic is, and what was heard of where its buckets are.

import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { errors } from '../../errors/index.js'
import type { BucketInfo, Whereabouts } from '../backend.js'

const FORMAT = 1
/** A file of a topic, with a line for each that it has heard of where a bucket is. */
const WHEREABOUTS = 'whereabouts'

/** What stands in a topic's folder. */
interface TopicFile {
  readonly format: number
  readonly topic: string
  readonly numBuckets: number
  /** Of the node that it belongs to, where that was given one. */
  readonly nodeId?: string | undefined
}

type Options = Readonly<Record<string, unknown>>

/** Throws ERR_PULSING_INVALID_OPTION. */
export function folderOf(options: Options): string {
  const { folder, ...rest } = options
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined)
    throw errors.unknownOption(`backendOptions.${unknown}`, undefined, ['folder'], rest[unknown])
  if (typeof folder !== 'string' || folder === '')
    throw errors.invalidOption('backendOptions.folder', folder, 'the path of a folder for the backend lmdb')
  return resolve(folder)
}

export function topicFolder(topic: string, options: Options): string {
  return join(folderOf(options), topic)
}

/** Throws ERR_PULSING_STORAGE_FAILED where the folder is none of ours, or another node's. */
export function readTopic(
  topic: string,
  options: Options,
  nodeId: string | undefined,
): TopicFile | undefined {
  const path = join(topicFolder(topic, options), 'topic.json')
  if (!existsSync(path)) return undefined
  let found: TopicFile
  try {
    found = JSON.parse(readFileSync(path, 'utf8')) as TopicFile
    if (found.format !== FORMAT || found.topic !== topic || !Number.isInteger(found.numBuckets))
      throw new Error(`it is not of this format, or not of this topic`)
  } catch (error) {
    throw errors.storageFailed(`${path} is not what the backend lmdb wrote, and was left as it is`, error)
  }
  if (nodeId !== undefined && found.nodeId !== undefined && found.nodeId !== nodeId)
    throw errors.storageFailed(
      `The folder ${topicFolder(topic, options)} belongs to node ${found.nodeId}, and was left as it is`,
      new Error(`this node is ${nodeId}; give each node a folder of its own`),
    )
  return found
}

/** The folder of a bucket's topic, which is made where it is not there. Errors as readTopic. */
export function makeTopic({ topic, options, nodeId, numBuckets }: BucketInfo): string {
  const folder = topicFolder(topic, options)
  if (readTopic(topic, options, nodeId) !== undefined) return folder
  const file: TopicFile = { format: FORMAT, topic, numBuckets, nodeId }
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'topic.json'), `${JSON.stringify(file)}\n`, { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw errors.storageFailed(`The folder ${folder} can't be made`, error)
  }
  return folder
}

export function setWhereabouts(bucket: BucketInfo, { nodeId, turn }: Whereabouts): void {
  const path = join(makeTopic(bucket), WHEREABOUTS)
  appendFileSync(path, `${JSON.stringify([bucket.bucketId, nodeId, turn])}\n`)
}

/** The last that was heard of a bucket. */
export function whereabouts({ topic, options, bucketId }: BucketInfo): Whereabouts | undefined {
  const path = join(topicFolder(topic, options), WHEREABOUTS)
  if (!existsSync(path)) return undefined
  let found: Whereabouts | undefined
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    try {
      const [of, nodeId, turn] = JSON.parse(line) as [number, string, number]
      if (of === bucketId) found = { nodeId, turn }
    } catch {
      // It was not written whole.
    }
  }
  return found
}
