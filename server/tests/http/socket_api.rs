//! An API that speaks WebSocket, the application in front of it, and browsers that connect.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::header::{COOKIE, HOST, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL};
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async, client_async};

use crate::browser::Browser;
use crate::world::World;

/// Longer than a session's end takes to be noticed, on a slow machine.
pub(crate) const SOON: Duration = Duration::from_secs(8);

pub(crate) type Socket = WebSocketStream<TcpStream>;

/// An API that sends back what it receives.
pub(crate) struct Api {
    address: String,
    seen: Arc<Mutex<Seen>>,
    /// How each of its sockets has ended.
    pub(crate) ends: mpsc::UnboundedReceiver<Option<u16>>,
}

#[derive(Default)]
struct Seen {
    handshakes: Vec<HeaderMap>,
    /// How many of the next handshakes are refused with 401.
    refuses: usize,
}

impl Api {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (seen, (ended, ends)) = (Arc::<Mutex<Seen>>::default(), mpsc::unbounded_channel());
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared), ended.clone()));
            }
        });
        Self { address, seen, ends }
    }

    pub(crate) fn handshakes(&self) -> Vec<HeaderMap> {
        self.seen.lock().unwrap().handshakes.clone()
    }

    pub(crate) fn refuse(&self, times: usize) {
        self.seen.lock().unwrap().refuses = times;
    }

    /// How the next of its sockets ends: with this code, or without one.
    pub(crate) async fn end(&mut self) -> Option<u16> {
        tokio::time::timeout(SOON, self.ends.recv()).await.expect("no socket has ended").unwrap()
    }
}

#[expect(clippy::result_large_err, reason = "the signature is that of the library")]
async fn serve(stream: TcpStream, seen: Arc<Mutex<Seen>>, ended: mpsc::UnboundedSender<Option<u16>>) {
    let mut path = String::new();
    let Ok(mut socket) = accept_hdr_async(stream, |request: &Request, response: Response| {
        request.uri().path().clone_into(&mut path);
        answer(&seen, request, response)
    })
    .await
    else {
        return;
    };
    if path.ends_with("/leaves") {
        return;
    }
    while let Some(Ok(message)) = socket.next().await {
        match message {
            Message::Close(frame) => {
                // Its own close frame is on the way: tungstenite sends it with the next step.
                let _ = socket.next().await;
                let _ = ended.send(frame.map(|frame| frame.code.into()));
                return;
            }
            Message::Text(text) if text == "close" => {
                let frame = CloseFrame { code: 4000.into(), reason: "as asked".into() };
                let _ = socket.close(Some(frame)).await;
            }
            Message::Text(_) | Message::Binary(_) => socket.send(message).await.unwrap(),
            _ => {}
        }
    }
    let _ = ended.send(None);
}

#[expect(clippy::result_large_err, reason = "the signature is that of the library")]
fn answer(seen: &Mutex<Seen>, request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    let mut seen = seen.lock().unwrap();
    seen.handshakes.push(request.headers().clone());
    let refused = |status: StatusCode| {
        let mut answer = ErrorResponse::new(Some("an answer of the API".to_owned()));
        *answer.status_mut() = status;
        Err(answer)
    };
    if let Some(left) = seen.refuses.checked_sub(1) {
        seen.refuses = left;
        return refused(StatusCode::UNAUTHORIZED);
    }
    if request.uri().path().ends_with("/refuses") {
        return refused(StatusCode::IM_A_TEAPOT);
    }
    if request.uri().path().ends_with("/switches") {
        response
            .headers_mut()
            .insert(SEC_WEBSOCKET_ACCEPT, HeaderValue::from_static("bm90aGluZyBvZiB0aGUga2luZCE="));
    }
    if request.headers().contains_key(SEC_WEBSOCKET_PROTOCOL) {
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("superchat"));
    }
    Ok(response)
}

/// The application, served on a port.
pub(crate) struct Served {
    pub(crate) world: World,
    pub(crate) api: Api,
    address: String,
    stop: Option<oneshot::Sender<()>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Served {
    /// With this route to the API, whose address is `{}`.
    pub(crate) async fn with(route: &str, settings: &[(&str, &str)]) -> Self {
        let api = Api::start().await;
        let routes = route.replace("{}", &format!("http://{}/v2/", api.address));
        let settings: Vec<_> = settings.iter().copied().chain([("PROXY_ROUTES", &*routes)]).collect();
        let world = World::with(&settings).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            let _ = stopped.await;
        };
        let serving = tokio::spawn(server::serve::answer(listener, world.router.clone(), 100, stopped));
        Self { world, api, address, stop: Some(stop), serving }
    }

    /// Tells the application to stop, and waits until it has.
    pub(crate) async fn stopped(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        tokio::time::timeout(SOON, &mut self.serving).await.expect("it does not stop").unwrap();
    }

    /// Asks for a socket as a page of ours does, in this browser, with further headers.
    pub(crate) async fn connect(
        &self,
        browser: &Browser,
        path: &str,
        headers: &[(&'static str, &'static str)],
    ) -> Result<(Socket, HeaderMap), (u16, HeaderMap, String)> {
        let mut request = format!("ws://{}{path}", self.address).into_client_request().unwrap();
        let sent = request.headers_mut();
        sent.insert(HOST, HeaderValue::from_static("127.0.0.1:3000"));
        sent.insert("origin", HeaderValue::from_static("http://127.0.0.1:3000"));
        let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            sent.insert(COOKIE, cookies.join("; ").parse().unwrap());
        }
        for (name, value) in headers {
            if value.is_empty() {
                sent.remove(*name);
            } else {
                sent.insert(*name, HeaderValue::from_static(value));
            }
        }
        let stream = TcpStream::connect(&self.address).await.unwrap();
        match client_async(request, stream).await {
            Ok((socket, response)) => Ok((socket, response.into_parts().0.headers)),
            Err(Error::Http(response)) => {
                let (head, body) = response.into_parts();
                let body = String::from_utf8(body.unwrap_or_default()).unwrap();
                Err((head.status.as_u16(), head.headers, body))
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// The next message, which comes soon.
pub(crate) async fn next(socket: &mut Socket) -> Option<Message> {
    let message = tokio::time::timeout(SOON, socket.next()).await.expect("nothing comes");
    message.and_then(Result::ok)
}

/// The code and the reason with which the socket ends.
pub(crate) async fn end(socket: &mut Socket) -> Option<(u16, String)> {
    loop {
        match next(socket).await {
            Some(Message::Close(frame)) => {
                return frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
            }
            Some(_) => {}
            None => return None,
        }
    }
}
