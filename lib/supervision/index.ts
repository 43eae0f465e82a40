// What the layers above may use of supervision.

export { isMadeAgain, type RestartSpec } from './policy.js'
export {
  type Failure,
  Supervised,
  type SupervisionRequest,
  Supervisor,
  type SupervisorHost,
  supervisedBy,
} from './supervisor.js'
