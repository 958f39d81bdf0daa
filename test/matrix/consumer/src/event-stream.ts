/** The views that a stream of server-sent events brings. */
export class EventStream {
  private text = '';

  private constructor(
    private readonly chunks: ReadableStreamDefaultReader<Uint8Array>,
  ) {}

  static async open(
    url: string,
    headers: Record<string, string>,
  ): Promise<EventStream> {
    const response = await fetch(url, { headers });
    if (!response.ok || !response.body)
      throw new Error(`${url}: ${response.status} ${await response.text()}`);
    return new EventStream(response.body.getReader());
  }

  /** The next event's data. */
  async next(): Promise<{ fingerprint: string | null }> {
    for (;;) {
      const event = /^([^]*?)\n\n/.exec(this.text);
      if (!event) await this.read();
      else {
        this.text = this.text.slice(event[0].length);
        const data = /^data: (.*)$/m.exec(event[0])?.[1];
        if (data !== undefined) return JSON.parse(data);
      }
    }
  }

  close(): Promise<void> {
    return this.chunks.cancel();
  }

  private async read(): Promise<void> {
    const { done, value } = await this.chunks.read();
    if (done) throw new Error('The stream has ended.');
    this.text += new TextDecoder().decode(value);
  }
}
