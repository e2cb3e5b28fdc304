using Orleans.Runtime;
using Orleans.Runtime.MembershipService;
using Orleans.Runtime.Messaging;
using Orleans.Serialization;
using Orleans.Storage;

namespace Dpark.Conformance.Calls;

/// <summary>What catch clauses count on.</summary>
public sealed class ExceptionTypeTests
{
    [Theory]
    [InlineData(typeof(OrleansException), typeof(Exception), false)]
    [InlineData(typeof(OrleansMessageRejectionException), typeof(OrleansException), false)]
    [InlineData(typeof(SiloUnavailableException), typeof(OrleansMessageRejectionException), true)]
    [InlineData(typeof(ClientNotAvailableException), typeof(OrleansException), true)]
    [InlineData(typeof(GatewayTooBusyException), typeof(OrleansException), true)]
    [InlineData(typeof(GrainExtensionNotInstalledException), typeof(OrleansException), true)]
    [InlineData(typeof(LimitExceededException), typeof(OrleansException), true)]
    [InlineData(typeof(GrainReferenceNotBoundException), typeof(OrleansException), true)]
    [InlineData(typeof(OrleansLifecycleCanceledException), typeof(OrleansException), true)]
    [InlineData(typeof(EnumerationAbortedException), typeof(Exception), true)]
    [InlineData(typeof(OrleansConfigurationException), typeof(Exception), true)]
    [InlineData(typeof(WrappedException), typeof(OrleansException), false)]
    [InlineData(typeof(ConnectionFailedException), typeof(OrleansException), false)]
    [InlineData(typeof(InvalidMessageFrameException), typeof(OrleansException), true)]
    [InlineData(typeof(InconsistentStateException), typeof(OrleansException), false)]
    [InlineData(typeof(BadProviderConfigException), typeof(OrleansException), true)]
    [InlineData(typeof(OrleansClusterConnectivityCheckFailedException), typeof(OrleansException), true)]
    [InlineData(typeof(OrleansMissingMembershipEntryException), typeof(OrleansException), true)]
    [InlineData(typeof(CodecNotFoundException), typeof(SerializerException), true)]
    [InlineData(typeof(SerializerException), typeof(Exception), false)]
    [InlineData(typeof(UnavailableExceptionFallbackException), typeof(Exception), true)]
    public void Exception_OfTheRuntime_HasItsBase(Type type, Type baseType, bool isSealed)
    {
        Assert.Equal(baseType, type.BaseType);
        Assert.Equal(isSealed, type.IsSealed);
    }

    [Fact]
    public void OrleansMessageRejectionException_HasNoPublicConstructor() => Assert.Empty(typeof(OrleansMessageRejectionException).GetConstructors());

    [Fact]
    public void Exceptions_ThatUsersThrow_KeepMessageAndInner()
    {
        var inner = new TimeoutException("inner");
        Exception[] exceptions =
        [
            new OrleansException("text", inner), new SiloUnavailableException("text", inner), new GatewayTooBusyException("text", inner), new LimitExceededException("text", inner),
            new ConnectionFailedException("text", inner), new EnumerationAbortedException("text", inner), new OrleansConfigurationException("text", inner),
        ];

        Assert.All(exceptions, exception => Assert.Equal(("text", inner), (exception.Message, exception.InnerException)));
    }

    [Fact]
    public void InconsistentStateException_HasBothEtags()
    {
        var exception = new InconsistentStateException("text", "stored", "current");

        Assert.Equal(("stored", "current"), (exception.StoredEtag, exception.CurrentEtag));
    }
}
