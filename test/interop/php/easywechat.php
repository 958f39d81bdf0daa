<?php

/**
 * A model of what the recipe for EasyWeChat 6 uses of EasyWeChat and of Symfony's HTTP client, without packages: the
 * interface is that of src/Kernel/Contracts/RefreshableAccessToken.php, and as in src/Kernel/HttpClient/AccessTokenAwareClient.php
 * each call asks the access token for its query. WeChat is at $WECHAT_API_BASE_URL.
 */

namespace EasyWeChat\Kernel\Contracts {
    interface AccessToken
    {
        public function getToken(): string;

        public function toQuery(): array;
    }

    interface RefreshableAccessToken extends AccessToken
    {
        public function refresh(): string;
    }
}

namespace Symfony\Component\HttpClient {
    final class HttpClient
    {
        public static function create(): self
        {
            return new self();
        }

        public function request(string $method, string $url, array $options = []): Response
        {
            $http = ['method' => $method, 'ignore_errors' => true];
            $url .= isset($options['query']) ? '?' . http_build_query($options['query']) : '';
            $content = file_get_contents($url, false, stream_context_create(['http' => $http]));

            return new Response((int) explode(' ', $http_response_header[0])[1], $content);
        }
    }

    final class Response
    {
        public function __construct(private int $status, private string $content)
        {
        }

        public function toArray(bool $throw = true): array
        {
            if ($throw && $this->status >= 300) {
                throw new \RuntimeException("HTTP $this->status");
            }

            return json_decode($this->content, true, flags: JSON_THROW_ON_ERROR);
        }
    }
}

namespace EasyWeChat\OfficialAccount {
    use EasyWeChat\Kernel\Contracts\AccessToken;
    use Symfony\Component\HttpClient\HttpClient;
    use Symfony\Component\HttpClient\Response;

    final class Application
    {
        private AccessToken $accessToken;

        public function __construct(array $config)
        {
        }

        public function setAccessToken(AccessToken $accessToken): void
        {
            $this->accessToken = $accessToken;
        }

        public function getClient(): self
        {
            return $this;
        }

        public function get(string $path): Response
        {
            $url = getenv('WECHAT_API_BASE_URL') . "/$path";

            return HttpClient::create()->request('GET', $url, ['query' => $this->accessToken->toQuery()]);
        }
    }
}
