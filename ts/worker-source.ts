import { getAsset, isSea } from 'node:sea'
import { Worker, type WorkerOptions } from 'node:worker_threads'

/** Every worker thread of the server, and where its source is. The executable holds each as `worker/<name>.js`. */
export const workerSources = {
  'sqlite-writer': './metadata/sqlite-writer.ts',
  password: './access/password-worker.ts',
} as const

export type WorkerName = keyof typeof workerSources

/** Starts a worker thread: from its TypeScript source, or in the executable from the asset it was bundled into. */
export function startWorker(name: WorkerName, workerData: WorkerOptions['workerData']): Worker {
  if (isSea()) return new Worker(getAsset(`worker/${name}.js`, 'utf8'), { eval: true, workerData })
  return new Worker(new URL(workerSources[name], import.meta.url), { workerData })
}
