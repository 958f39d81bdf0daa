<?php

declare(strict_types=1);

/** Asks WeChat for the addresses of its servers, with a token of the token server. */
require __DIR__ . '/TokenClient.php';

foreach (['TOKEN_SERVER', 'TOKEN_KEY'] as $name) {
    if (!getenv($name)) {
        fwrite(STDERR, "Set $name: TOKEN_SERVER is the address of the token server, TOKEN_KEY one of its API keys.\n");
        exit(1);
    }
}
// Of this user alone. Without the extension posix, the number is that of this script's owner.
$user = function_exists('posix_geteuid') ? posix_geteuid() : getmyuid();
$client = new TokenClient(
    getenv('TOKEN_SERVER'),
    getenv('TOKEN_KEY'),
    folder: getenv('TOKEN_FOLDER') ?: sys_get_temp_dir() . "/wechat-token-client-$user",
    name: getenv('TOKEN_NAME') ?: 'access_token',
    wechat: getenv('WECHAT_API_BASE_URL') ?: 'https://api.weixin.qq.com',
    timeout: (float) (getenv('TOKEN_TIMEOUT') ?: 15),
);
try {
    $addresses = $client->call('/cgi-bin/get_api_domain_ip')['ip_list'];
} catch (CallError $error) {
    fwrite(STDERR, $error->getMessage() . "\n");
    exit(1);
}
printf("WeChat has %d servers, such as %s\n", count($addresses), $addresses[0]);
