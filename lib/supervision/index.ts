// What the layers above may use of supervision.

export type { RestartSpec } from './policy.js'
export {
  type Failure,
  Supervised,
  type SupervisionRequest,
  Supervisor,
  type SupervisorHost,
  supervisedBy,
} from './supervisor.js'
