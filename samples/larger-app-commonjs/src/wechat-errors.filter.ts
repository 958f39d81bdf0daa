import {
  type ArgumentsHost,
  BadGatewayException,
  Catch,
  InternalServerErrorException,
  ServiceUnavailableException,
} from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import {
  isTokenUnavailableError,
  isWechatApiError,
  WechatTokenError,
} from 'nestjs-wechat-token';

/** What the app's own clients see of the errors that the module throws into its handlers. */
@Catch(WechatTokenError)
export class WechatErrorsFilter extends BaseExceptionFilter {
  override catch(error: WechatTokenError, host: ArgumentsHost): void {
    super.catch(toHttp(error), host);
  }
}

function toHttp(error: WechatTokenError): Error {
  if (isWechatApiError(error))
    return new BadGatewayException(`WeChat refused: ${error.errcode}`);
  if (isTokenUnavailableError(error))
    return new ServiceUnavailableException('WeChat is not available now.');
  return new InternalServerErrorException(error.code);
}
