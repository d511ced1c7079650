// A Nest application with its tokens in two cookies. It is written without a build step, so decorators are called by hand.

import 'reflect-metadata';
import {
  BadRequestException, Body, ConflictException, Controller, ForbiddenException, Get, HttpCode, Module, Post, Req, Res,
  UnauthorizedException, UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwtService } from '@nestjs/jwt';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { seconds as perSeconds, Throttle, ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { Strategy } from 'passport-jwt';
import { Sessions, add, findByEmail, findById } from './store.mjs';

/** Decorates a method, and its parameters in order. */
function decorate(target, name, decorators, parameters = []) {
  const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name);
  for (const decorator of decorators.toReversed()) decorator(target.prototype, name, descriptor);
  parameters.forEach((parameter, index) => parameter(target.prototype, name, index));
}

const cookieOf = (request, name) => {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([found]) => found === name)?.slice(1).join('=');
};

/** A Passport strategy that takes a JWT from a cookie. */
const strategyFor = (name, cookie, secretOrKey) => class extends PassportStrategy(Strategy, name) {
  constructor() {
    super({ jwtFromRequest: (request) => cookieOf(request, cookie) ?? null, secretOrKey, passReqToCallback: true });
  }

  validate(request, { sub }) {
    const person = findById(sub);
    if (!person) throw new UnauthorizedException();
    return { person, token: cookieOf(request, cookie) };
  }
};

/** Builds the application. `issued` is told of each token. */
export async function application(settings, issued) {
  const secrets = { access: 'a secret for access tokens', refresh: 'another secret for refresh tokens' };
  const sessions = new Sessions();
  const jwt = new JwtService();

  // Tokens say when they were issued in whole seconds, and nothing else tells them apart.
  function issue(person, response) {
    const sign = (kind, ttl) => jwt.sign({ sub: person.sub, email: person.email }, { secret: secrets[kind], expiresIn: ttl });
    const ttl = { access: settings.accessTokenTtl, refresh: settings.refreshTokenTtl };
    for (const kind of ['access', 'refresh']) {
      const token = sign(kind, ttl[kind]);
      const options = { httpOnly: true, secure: true, sameSite: 'none', path: '/', maxAge: ttl[kind] * 1000 };
      response.cookie(`${kind}_token`, token, options);
      if (kind === 'refresh') sessions.open(person.sub, token);
      issued({ kind: `${kind}_token`, token, ...(kind === 'access' && { expires_at: Date.now() + ttl[kind] * 1000 }) });
    }
  }

  class AuthController {
    register({ email, password }, response) {
      const problems = [];
      if (typeof email !== 'string' || !email.includes('@')) problems.push('email must be an email');
      if (typeof password !== 'string' || password.length < 8 || password.length > 64) {
        problems.push('password must be longer than or equal to 8 and shorter than or equal to 64 characters');
      }
      if (problems.length > 0) throw new BadRequestException(problems);
      if (findByEmail(email)) throw new ConflictException('A user with this email already exists');
      const person = add({ email, password, emailVerified: settings.emailVerification === 'off' });
      if (settings.registerSignsIn) issue(person, response);
      return { message: 'Registered' };
    }

    login({ email, password }, response) {
      const problems = [];
      if (typeof email !== 'string' || !email.includes('@')) problems.push('email must be an email');
      if (typeof password !== 'string' || password === '') problems.push('password should not be empty');
      if (problems.length > 0) throw new BadRequestException(problems);
      const person = findByEmail(email);
      if (!person) throw new BadRequestException('No user with this email');
      if (password !== person.password) throw new UnauthorizedException('Invalid credentials');
      issue(person, response);
      return { message: 'Logged in' };
    }

    refresh({ user: { person, token } }, response) {
      if (!sessions.close(person.sub, token)) {
        // Somebody else has used it, so nobody stays signed in.
        sessions.closeAll(person.sub);
        throw new ForbiddenException('Access Denied');
      }
      issue(person, response);
      return { message: 'Refreshed' };
    }

    logout({ headers, user: { person } }, response) {
      const token = cookieOf({ headers }, 'refresh_token');
      if (!token || !sessions.close(person.sub, token)) throw new UnauthorizedException();
      for (const kind of ['access', 'refresh']) response.clearCookie(`${kind}_token`, { path: '/' });
      return { message: 'Logged out' };
    }
  }

  class UsersController {
    me({ user: { person } }) {
      if (!person.emailVerified) throw new ForbiddenException('Email not verified');
      const { sub: id, firstName, lastName, email, roles, emailVerified } = person;
      return { id, firstName, lastName, email, roles, emailVerified, createdAt: '2026-01-01T00:00:00.000Z' };
    }
  }

  const limit = (limit) => Throttle({ default: { limit, ttl: perSeconds(settings.throttleTtl) } });
  const answers = [Req(), Res({ passthrough: true })];
  Controller('auth')(AuthController);
  UseGuards(ThrottlerGuard)(AuthController);
  decorate(AuthController, 'register', [Post('register'), limit(settings.loginLimit)], [Body(), Res({ passthrough: true })]);
  decorate(AuthController, 'login', [Post('login'), HttpCode(200), limit(settings.loginLimit)], [Body(), Res({ passthrough: true })]);
  const refresh = [Post('refresh'), HttpCode(200), limit(settings.refreshLimit), UseGuards(AuthGuard('jwt-refresh'))];
  decorate(AuthController, 'refresh', refresh, answers);
  decorate(AuthController, 'logout', [Post('logout'), HttpCode(200), UseGuards(AuthGuard('jwt'))], answers);
  Controller('users')(UsersController);
  decorate(UsersController, 'me', [Get('me'), UseGuards(AuthGuard('jwt'))], [Req()]);

  class AppModule {}
  Module({
    imports: [PassportModule, ThrottlerModule.forRoot([{ limit: 1_000, ttl: perSeconds(settings.throttleTtl) }])],
    controllers: [AuthController, UsersController],
    providers: [
      strategyFor('jwt', 'access_token', secrets.access),
      strategyFor('jwt-refresh', 'refresh_token', secrets.refresh),
    ],
  })(AppModule);

  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
  // The application before it tells the address of the browser.
  app.getHttpAdapter().getInstance().set('trust proxy', 'loopback');
  await app.init();
  return { answer: app.getHttpAdapter().getInstance(), sessions };
}
