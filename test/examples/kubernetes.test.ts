// The manifests of the example, by the schema of each kind; and that what they say of the command line is true of it.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget'
import { Secret } from 'kubernetes-models/v1/Secret'
import { Service } from 'kubernetes-models/v1/Service'
import { parseAllDocuments } from 'yaml'
import { root } from '../bed.js'
import { pulsing } from '../cli/bed.js'

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
}

const documents = parseAllDocuments(readFileSync(join(root, 'examples/10-kubernetes/cluster.yaml'), 'utf8'))
const manifests = documents.map((document) => document.toJS() as Manifest)

const MODELS: Record<string, new (data: never) => { validate(): void }> = {
  'apps/v1 StatefulSet': StatefulSet as never,
  'networking.k8s.io/v1 NetworkPolicy': NetworkPolicy as never,
  'policy/v1 PodDisruptionBudget': PodDisruptionBudget as never,
  'v1 Secret': Secret as never,
  'v1 Service': Service as never,
}

const check = (manifest: Manifest) => {
  const Model = MODELS[`${manifest.apiVersion} ${manifest.kind}`]
  if (Model === undefined) throw new Error(`no schema for ${manifest.apiVersion} ${manifest.kind}`)
  new Model(manifest as never).validate()
}

test('each manifest is valid by its schema', (t) => {
  t.is(manifests.length, 5)
  for (const [i, document] of documents.entries()) {
    t.deepEqual(document.errors, [])
    t.notThrows(() => check(manifests[i] as Manifest), (manifests[i] as Manifest).kind)
  }
})

test('a field of another type, or one that is missing, is found', (t) => {
  const [service] = manifests as [Manifest & { spec: object }]
  t.throws(() => check({ ...service, spec: { ...service.spec, ports: [{ port: 'many' }] } } as Manifest))
  const set = manifests.find(({ kind }) => kind === 'StatefulSet') as Manifest & { spec: object }
  t.throws(() =>
    check({ ...set, spec: { ...set.spec, serviceName: undefined, selector: undefined } } as Manifest),
  )
})

test('the command in it is one, up to the class that is not there', async (t) => {
  const set = manifests.find(({ kind }) => kind === 'StatefulSet') as unknown as {
    spec: { template: { spec: { containers: { args: string[] }[] } } }
  }
  const [{ args: all }] = set.spec.template.spec.containers as [{ args: string[] }]
  const [node, program, ...args] = all
  t.deepEqual([node, program], ['node', 'node_modules/pulsing/dist/bundle/cli.js'])
  const { code, stderr } = await pulsing(args)
  t.is(code, 2)
  t.regex(stderr, /counter\.js is not there/)
})
