using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Orleans.TestingHost;

/// <summary>Reads what a <see cref="TestCluster"/> hands to its hosts.</summary>
public static class TestClusterExtensions
{
    internal const string ConfigurationKey = "Orleans.TestingHost.Configuration";

    /// <summary>The configuration, with the options and <see cref="TestClusterBuilder.Properties"/> of the cluster.</summary>
    public static IConfiguration GetConfiguration(this IHostBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Properties.TryGetValue(ConfigurationKey, out var value) && value is IConfiguration configuration
            ? configuration
            : throw new InvalidOperationException("The host was not made by a TestCluster, so it has no configuration of one.");
    }

    /// <summary>One value; null if there is none.</summary>
    public static string? GetConfigurationValue(this IHostBuilder builder, string key) => builder.GetConfiguration()[key];

    /// <summary>The options of the cluster.</summary>
    public static TestClusterOptions GetTestClusterOptions(this IHostBuilder builder) => builder.GetConfiguration().GetTestClusterOptions();

    /// <summary>The options of the cluster.</summary>
    public static TestClusterOptions GetTestClusterOptions(this IConfiguration config)
    {
        var options = new TestClusterOptions();
        config.Bind(options);
        return options;
    }
}
