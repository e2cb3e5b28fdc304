using System.Runtime.ExceptionServices;

namespace Dpark.Closures;

public sealed class ExceptionTests
{
    [Fact]
    public void TrySerialize_ThrownException_KeepsWhatItSays()
    {
        var exception = Thrown(new OrderException(7, "order 7", new FormatException("inner")) { HelpLink = "http://help", Data = { ["key"] = 5, [1] = new Uri("http://x") } });

        var copy = Assert.IsType<OrderException>(Send(exception));

        Assert.Equal(("order 7", 7, "http://help", exception.HResult), (copy.Message, copy.Order, copy.HelpLink, copy.HResult));
        Assert.IsType<FormatException>(copy.InnerException);
        Assert.Equal("inner", copy.InnerException.Message);
        Assert.Equal(5, copy.Data["key"]);
        Assert.Equal("http://x/", copy.Data[1]);
        Assert.Contains(nameof(Thrown), copy.StackTrace, StringComparison.Ordinal);
    }

    [Fact]
    public void TrySerialize_ThrownAgain_ShowsBothStacks()
    {
        var copy = Send(Thrown(new OrderException(1, "x", null)));

        var caught = Record.Exception(() => Rethrow(copy))!;

        Assert.Contains(nameof(Thrown), caught.StackTrace, StringComparison.Ordinal);
        Assert.Contains(nameof(Rethrow), caught.StackTrace, StringComparison.Ordinal);
    }

    [Fact]
    public void TrySerialize_TwoHops_KeepTheStack() =>
        Assert.Contains(nameof(Thrown), Send(Send(Thrown(new OrderException(1, "x", null)))).StackTrace, StringComparison.Ordinal);

    [Fact]
    public void TrySerialize_FrameworkExceptions_Work()
    {
        foreach (var exception in (Exception[])
            [
                new ArgumentNullException("name"), new ArgumentOutOfRangeException("p", 5, "m"), new OperationCanceledException(new CancellationToken(canceled: true)),
                new TaskCanceledException(Task.CompletedTask), new FileNotFoundException("m", "f.txt"), new KeyNotFoundException(), new InvalidCastException(),
                new System.Net.Sockets.SocketException(104), new System.Net.Http.HttpRequestException("m", null, System.Net.HttpStatusCode.NotFound), new FormatException(),
                new System.Text.Json.JsonException("m", "path", 1, 2), new ObjectDisposedException("o"), new TimeoutException(),
            ])
        {
            var copy = Send(Thrown(exception));

            Assert.Equal(exception.GetType(), copy.GetType());
            Assert.Equal(exception.Message, copy.Message);
        }
    }

    [Fact]
    public void TrySerialize_AggregateException_KeepsAll()
    {
        var copy = (AggregateException)Send(new AggregateException(new FormatException("a"), new AggregateException(new FormatException("b"))));

        Assert.Equal(["a", "b"], copy.Flatten().InnerExceptions.Select(inner => inner.Message));
    }

    [Fact]
    public void TrySerialize_ExceptionWithoutMessage_KeepsTheDefaultOne() =>
        Assert.Equal(new BareException().Message, Send(new BareException()).Message);

    [Fact]
    public void TrySerialize_ExceptionThatHoldsAStream_GivesUp()
    {
        Assert.False(new ClosureSerializer().TrySerialize(new HoldingException(Stream.Null), out var closure));
        Assert.Null(closure);
    }

    [Fact]
    public void TrySerialize_ExceptionThatThrows_GivesUp() => Assert.False(new ClosureSerializer().TrySerialize(new FailingException(), out _));

    private static Exception Send(Exception exception)
    {
        var serializer = new ClosureSerializer();
        Assert.True(serializer.TrySerialize(exception, out var closure));
        using var code = new CodeResolver(Travel.App, serializer.Catalog.Read);
        return (Exception)ClosureSerializer.Deserialize(closure.Bytes, code);
    }

    private static Exception Thrown(Exception exception)
    {
        try
        {
            throw exception;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    private static void Rethrow(Exception exception) => ExceptionDispatchInfo.Throw(exception);

    private sealed class OrderException(int order, string message, Exception? inner) : Exception(message, inner)
    {
        public int Order { get; } = order;
    }

    private sealed class BareException : Exception;

    private sealed class HoldingException(Stream stream) : Exception
    {
        public Stream Stream { get; } = stream;
    }

    private sealed class FailingException : Exception
    {
        public override string? StackTrace => throw new InvalidOperationException("No trace.");
    }
}
