export { shadowRoutes } from './shadow-routes';
export { ShadowService } from './shadow-service';
export { serveShadowTopics } from './shadow-topics';
export { Shadows } from './shadows';
