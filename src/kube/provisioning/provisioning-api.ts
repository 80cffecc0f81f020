import type { RoomAsk, RoomPodSet } from '../../core/provisioning/room-request.ts';
import { asObject, type Json } from '../../intake/field.ts';
import { ApiError, type ApiRequest, type Transport } from '../transport.ts';
import { podTemplateSpec } from './pod-template.ts';
import {
  GROUP,
  metadataFor,
  ownerOf,
  requestName,
  requestObject,
  templateNames,
  type ApiVersion,
  type RequestClass,
} from './request-object.ts';

/** The reason of the error where another hand has an object of the name. */
export const NAME_TAKEN = 'NameTaken';

/** A request as far as it matters for deleting it. */
export interface WrittenRequest {
  readonly namespace: string;
  readonly name: string;
  /** How many pod templates it has: their names follow from its own, whatever it says. */
  readonly templates: number;
}

/** Writes and deletes ProvisioningRequests and their pod templates. Both may be done again after a part was done. */
export class ProvisioningApi {
  readonly #transport: Pick<Transport, 'request' | 'send'>;
  readonly #class: RequestClass;
  readonly #schedulerName: string;

  constructor(transport: Pick<Transport, 'request' | 'send'>, requestClass: RequestClass, schedulerName: string) {
    this.#transport = transport;
    this.#class = requestClass;
    this.#schedulerName = schedulerName;
  }

  /**
   * Asks for the gang. The templates come first: an autoscaler that finds a request without them gives it up for good
   * (FailedToCreatePods, processors/provreq/injector.go).
   * @throws ApiError 410 if an object of another hand has the name; 403 where a right or a quota is missing
   */
  async ask(ask: RoomAsk, version: ApiVersion): Promise<void> {
    const { leader, generation, podSets } = ask;
    const name = requestName({ leader: leader.uid, generation });
    const templates = templateNames(name, podSets.length);
    for (const [i, set] of podSets.entries())
      await this.#createTemplate(ask, { name: templates[i]!, request: name, set });
    await this.#create(requestsIn(leader.namespace, version), requestObject(ask, this.#class, version), leader.uid);
  }

  /** Deletes the request, then its templates. What is gone counts as deleted. */
  async withdraw({ namespace, name, templates }: WrittenRequest, version: ApiVersion): Promise<void> {
    await this.#delete(`${requestsIn(namespace, version)}/${name}`);
    for (const template of templateNames(name, templates)) await this.#delete(`${templatesIn(namespace)}/${template}`);
  }

  async #createTemplate(
    { leader }: RoomAsk,
    { name, request, set }: { readonly name: string; readonly request: string; readonly set: RoomPodSet },
  ): Promise<void> {
    const template = podTemplateSpec(set, this.#schedulerName, request);
    const body = { apiVersion: 'v1', kind: 'PodTemplate', metadata: metadataFor(name, leader), template };
    await this.#create(templatesIn(leader.namespace), body, leader.uid);
  }

  /** Creates the object unless it is there already, as after an answer that was lost. */
  async #create(path: string, body: { readonly metadata: { readonly name: string } }, owner: string): Promise<void> {
    try {
      await this.#transport.send({ method: 'POST', path, body });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      const { name } = body.metadata;
      const found = await this.#find(`${path}/${name}`);
      if (found && ownerOf(found) !== owner)
        throw new ApiError(410, NAME_TAKEN, `${path}/${name} is there already, and belongs to somebody else`);
      if (!found) throw error;
    }
  }

  async #find(path: string): Promise<Json | undefined> {
    try {
      return asObject(await this.#transport.request({ method: 'GET', path }), 'object');
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  async #delete(path: string): Promise<void> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' };
    const request: ApiRequest = { method: 'DELETE', path, body };
    try {
      await this.#transport.send(request);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    }
  }
}

const requestsIn = (namespace: string, version: ApiVersion) =>
  `/apis/${GROUP}/${version}/namespaces/${encodeURIComponent(namespace)}/provisioningrequests`;
const templatesIn = (namespace: string) => `/api/v1/namespaces/${encodeURIComponent(namespace)}/podtemplates`;
