<?php

declare(strict_types=1);

/** $errcode: WeChat's, if it refused the call. $retryAfter: seconds in which the token server is not asked. */
final class CallError extends RuntimeException
{
    public function __construct(
        string $message,
        public readonly ?int $errcode = null,
        public readonly ?int $retryAfter = null,
    ) {
        parent::__construct($message);
    }
}

/**
 * Calls of WeChat with the tokens of a token server. Needs PHP 8.1 or later, and no package.
 *
 * PHP-FPM keeps no variable from one request to the next. So the token is in a file that all processes of this user
 * share. One process at a time asks the token server; the others wait for the file's lock, and read what it wrote.
 */
final class TokenClient
{
    private const REJECTED = [40001, 40014, 42001];
    /** How long a token is used before the server is asked whether it is still current. */
    private const KEEP_SECONDS = 30;
    /** A token with less life than this is not used. */
    private const MARGIN_SECONDS = 10;
    private const EMPTY = [
        'value' => '', 'etag' => '', 'at' => 0, 'ends' => 0, 'askAgain' => 0, 'retryAt' => 0, 'failure' => '',
    ];

    private readonly string $url;
    private readonly string $file;
    /** The file's content, while it is locked. Its instants are those of time(). */
    private array $kept = self::EMPTY;

    /**
     * @param string $folder of the file: created if it is missing, for this user alone
     * @param float $timeout seconds that an answer may take to go on
     */
    public function __construct(
        string $server,
        #[\SensitiveParameter] private readonly string $key,
        private readonly string $folder,
        string $name = 'access_token',
        private readonly string $wechat = 'https://api.weixin.qq.com',
        private readonly float $timeout = 15,
    ) {
        $this->url = "$server/wechat-tokens/$name";
        $this->file = "$folder/" . substr(hash('sha256', "$this->url $key"), 0, 16) . '.json';
    }

    /** Calls WeChat, with POST if there is a body, and returns its answer. */
    public function call(string $path, ?array $body = null): array
    {
        $token = $this->token();
        $answer = $this->callWith($token, $path, $body);
        if (in_array($answer['errcode'] ?? 0, self::REJECTED, true)) {
            $answer = $this->callWith($this->replace($token), $path, $body);
        }
        if ($answer['errcode'] ?? 0) {
            throw new CallError("WeChat answered {$answer['errcode']}: {$answer['errmsg']}", $answer['errcode']);
        }

        return $answer;
    }

    /** The token that is valid now. */
    public function token(): string
    {
        return $this->locked(function (): void {
            if (time() < $this->kept['askAgain']) {
                return;
            }
            try {
                $this->askServer('');
            } catch (CallError $error) {
                // Without an answer, a token that is still valid goes on being used.
                if (time() >= $this->kept['ends']) {
                    throw $error;
                }
            }
        });
    }

    /** Reports a token that WeChat refused, and returns the one to use instead. */
    public function replace(#[\SensitiveParameter] string $refused): string
    {
        return $this->locked(function () use ($refused): void {
            if ($this->kept['value'] === $refused) { // otherwise another process has reported it meanwhile
                $this->askServer('/rejected', ['value' => $refused]);
            }
        });
    }

    private function askServer(string $path, ?array $body = null): void
    {
        $now = time();
        ['etag' => $etag, 'ends' => $ends, 'retryAt' => $retryAt] = $this->kept;
        if ($now < $retryAt) {
            throw new CallError($this->kept['failure'], retryAfter: $retryAt - $now);
        }
        $headers = ["Authorization: Bearer $this->key"];
        if ($etag !== '' && $body === null && $now < $ends) {
            $headers[] = "If-None-Match: $etag";
        }
        [$status, $answer, $received] = $this->fetch($this->url . $path, $body, $headers);
        if ($status === 200 && isset($answer['value'])) {
            $ends = $now + $answer['expiresIn'] - self::MARGIN_SECONDS;
            $etag = $received['etag'] ?? '';
            $this->kept = ['value' => $answer['value'], 'etag' => $etag, 'ends' => $ends] + self::EMPTY;
        } elseif ($status !== 304) { // 304: the token is still current
            $reason = $status === 0 ? "no answer from $this->url: " : "$status, ";
            $reason .= $answer['detail'] ?? '';
            $seconds = (int) ($received['retry-after'] ?? 1);
            $failed = ['failure' => "The token server gave no token: $reason", 'retryAt' => time() + $seconds];
            $this->kept = $failed + $this->kept;
            throw new CallError($failed['failure'], retryAfter: $seconds);
        }
        $this->kept = ['at' => $now, 'askAgain' => min($now + self::KEEP_SECONDS, $ends)] + $this->kept;
    }

    private function callWith(#[\SensitiveParameter] string $token, string $path, ?array $body): array
    {
        $sign = str_contains($path, '?') ? '&' : '?';
        $url = $this->wechat . $path . $sign . http_build_query(['access_token' => $token]);
        [$status, $answer] = $this->fetch($url, $body, []);
        if ($status !== 200) {
            throw new CallError($status === 0
                ? "No answer from WeChat to $path: {$answer['detail']}"
                : "WeChat answered $path with HTTP $status");
        }

        return $answer;
    }

    /** Reads the file, runs $change, which may throw, and writes what it has made of $this->kept. Returns the token. */
    private function locked(Closure $change): string
    {
        @mkdir($this->folder, 0700, true);
        $file = (@fileperms($this->folder) & 0077) === 0 ? @fopen($this->file, 'c+') : false;
        if ($file === false) {
            throw new CallError("$this->folder must be writable by this user and closed to all others (chmod 700), "
                . 'or set TOKEN_FOLDER (the $folder of TokenClient) to another one.');
        }
        try {
            flock($file, LOCK_EX);
            $kept = json_decode(stream_get_contents($file), true) ?? self::EMPTY;
            // From the future: the clock was set back, and its instants mean nothing.
            $this->kept = $kept['at'] > time() ? self::EMPTY : $kept;
            try {
                $change();
            } finally {
                ftruncate($file, 0);
                rewind($file);
                fwrite($file, json_encode($this->kept, JSON_THROW_ON_ERROR));
            }
        } finally {
            fclose($file); // and unlocks it
        }

        return $this->kept['value'];
    }

    /** @return array{int, array, array<string, string>} status, JSON, headers; without an answer 0, and why */
    private function fetch(#[\SensitiveParameter] string $url, ?array $body, array $headers): array
    {
        $options = ['method' => 'GET', 'timeout' => $this->timeout, 'ignore_errors' => true, 'follow_location' => 0];
        if ($body !== null) {
            // WeChat would store \u4f60 as it stands.
            $content = json_encode($body, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR);
            $options = ['method' => 'POST', 'content' => $content] + $options;
            $headers[] = 'Content-Type: application/json';
        }
        // Not its warning: that has the URL, which may hold a token.
        $stream = @fopen($url, 'r', false, stream_context_create(['http' => ['header' => $headers] + $options]));
        if ($stream === false) {
            return [0, ['detail' => ltrim(strrchr(error_get_last()['message'] ?? ': unknown', ':'), ': ')], []];
        }
        $text = stream_get_contents($stream);
        $lines = stream_get_meta_data($stream)['wrapper_data'];
        fclose($stream);
        $received = [];
        foreach ($lines as $line) {
            [$name, $value] = explode(':', $line, 2) + [1 => ''];
            $received[strtolower($name)] = trim($value);
        }
        $status = (int) (explode(' ', $lines[0])[1] ?? 0);
        $answer = json_decode($text ?: '{}', true, flags: JSON_BIGINT_AS_STRING);

        return is_array($answer) ? [$status, $answer, $received] : [0, ['detail' => 'not JSON'], []];
    }
}
