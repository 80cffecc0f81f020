import http from 'node:http';

export interface Asked {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A request as it is, on a connection of its own: fetch would choose headers such as Host itself. */
export function askRaw(url: string, options: http.RequestOptions & { body?: string } = {}): Promise<Asked> {
  const { body, ...rest } = options;
  return new Promise((resolve, reject) => {
    const request = http.request(url, { agent: false, ...rest }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }),
      );
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}
